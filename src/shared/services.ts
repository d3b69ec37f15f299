/** What one server builds once and keeps in memory: caches, clients, queues. Two servers in one process share none of it. */
export class Services {
  readonly #built = new Map<object, unknown>();

  /** @param build - called at the first use; a service is known by the function that builds it. */
  get<H, T>(build: (host: H) => T, host: H): T {
    if (!this.#built.has(build)) this.#built.set(build, build(host));
    return this.#built.get(build) as T;
  }
}

/**
 * Declares a service.
 *
 * @param build - makes it from the server it is for.
 * @returns finds the one of a server.
 */
export const service =
  <H, T>(build: (host: H) => T) =>
  (host: H & { readonly services: Services }): T =>
    host.services.get(build, host);
