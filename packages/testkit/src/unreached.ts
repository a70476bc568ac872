/** Stands where a test must not come: any use of it throws with the name of what was used. */
export function unreached(name: string): never {
  const refuse = (property: string | symbol): never => {
    throw new Error(`${name}.${String(property)} was used, and this test gives none`);
  };
  const target = (): void => undefined;
  return new Proxy(target, {
    get: (_target, property) => (property === 'then' ? undefined : refuse(property)),
    apply: () => refuse('call'),
  }) as never;
}
