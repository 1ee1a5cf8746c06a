/** Whether two pieces of plain data are the same by value: parameters, and parts of a status. */

/**
 * Arrays, byte arrays and plain objects are compared by what is in them, everything else by identity. NaN
 * is itself.
 */
export function isSameData(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (one instanceof Uint8Array && other instanceof Uint8Array) return isSameList(one, other);
  if (Array.isArray(one) && Array.isArray(other)) return isSameList(one, other);
  return isPlain(one) && isPlain(other) && isSameObject(one, other);
}

function isSameList(one: ArrayLike<unknown>, other: ArrayLike<unknown>): boolean {
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at += 1) if (!isSameData(one[at], other[at])) return false;
  return true;
}

type Plain = Readonly<Record<string, unknown>>;

function isSameObject(one: Plain, other: Plain): boolean {
  const names = Object.keys(one);
  return (
    names.length === Object.keys(other).length &&
    names.every((name) => Object.hasOwn(other, name) && isSameData(one[name], other[name]))
  );
}

function isPlain(value: unknown): value is Plain {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
