import { useState } from 'react';

/** A choice of this person in this browser: columns, density. */
export function useKept<T>(name: string, first: T): [T, (value: T) => void] {
  const key = `gatehouse.${name}`;
  const [value, setValue] = useState<T>(() => {
    const text = localStorage.getItem(key);
    return text === null ? first : (JSON.parse(text) as T);
  });
  return [
    value,
    (next) => {
      localStorage.setItem(key, JSON.stringify(next));
      setValue(next);
    },
  ];
}
