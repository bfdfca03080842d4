/**
 * Freezing values through and through, so that code which changes what it was given is found out.
 */

/** Freezes plain objects and arrays with everything in them, and gives the value back. What has a class of its own is left alone. */
export function deepFreeze<Value>(value: Value): Value {
  freeze(value);
  return value;
}

function freeze(value: unknown): void {
  // What is frozen was frozen here, or its owner took care of it; cycles end here too.
  if (!isPlain(value) || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const member of Object.values(value)) freeze(member);
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
