/**
 * Imports a package of this folder, which has a lockfile of its own. Its types are not at hand in a clone that has not
 * installed it, so each contestant describes the few functions that it uses, after the declarations of the version that
 * the lockfile pins, and what arrives is checked to have them.
 */

/** The module, once it is seen to export functions of these names. */
export async function loadPeer<Module extends object>(
  name: string,
  functionNames: readonly (keyof Module & string)[],
): Promise<Module> {
  const module: object = await import(name);
  if (!hasFunctions<Module>(module, functionNames))
    throw new Error(`${name} does not export the functions ${functionNames.join(', ')}; is another version installed?`);
  return module;
}

function hasFunctions<Module extends object>(
  module: object,
  names: readonly (keyof Module & string)[],
): module is Module {
  return names.every((name) => typeof Reflect.get(module, name) === 'function');
}
