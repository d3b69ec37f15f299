/** The same object with some of its methods replaced; all others run on the object itself, private fields and all. */
export function overriding<T extends object>(target: T, replaced: Partial<T>): T {
  return new Proxy(target, {
    get(real, property) {
      const own: unknown = Reflect.get(replaced, property);
      if (own !== undefined) return own;
      const value: unknown = Reflect.get(real, property, real);
      return typeof value === 'function' ? (value.bind(real) as unknown) : value;
    },
  });
}
