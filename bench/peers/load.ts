/**
 * Imports a package of this folder, which has a lockfile of its own. Its types are not at hand in a clone that has not installed it, so each
 * contestant describes the few functions that it uses, and what arrives is checked to have them.
 */

/** The module, once it is seen to export functions of these names. */
export async function loadPeer<Module extends object>(
  name: string,
  functionNames: readonly (keyof Module & string)[],
): Promise<Module> {
  const module: Record<string, unknown> = await import(name);
  for (const each of functionNames) {
    if (typeof module[each] !== 'function')
      throw new Error(`${name} exports no function ${each}; is another version installed?`);
  }
  // The functions are there; their signatures were read from the declarations of the version that the lockfile pins.
  return module as Module;
}
