/** Whether a value that came from elsewhere is of a shape. What a shape does not name may be there. Pure. */

export type Check = (value: unknown) => boolean;

/** Longer lists are nobody's. */
const LONGEST_LIST = 2_000;

export const text: Check = (value) => typeof value === 'string';
export const number: Check = (value) => typeof value === 'number' && Number.isFinite(value);
export const flag: Check = (value) => typeof value === 'boolean';
export const textOrNull = orNull(text);
export const numberOrNull = orNull(number);

export function orNull(isOne: Check): Check {
  return (value) => value === null || isOne(value);
}

export function oneOf(...allowed: readonly string[]): Check {
  return (value) => typeof value === 'string' && allowed.includes(value);
}

export function listOf(isItem: Check): Check {
  return (value) => Array.isArray(value) && value.length <= LONGEST_LIST && value.every(isItem);
}

export function shape(fields: Readonly<Record<string, Check>>): Check {
  return (value) => {
    if (typeof value !== 'object' || value === null) return false;
    const record = value as Readonly<Record<string, unknown>>;
    return Object.entries(fields).every(([name, isField]) => isField(record[name]));
  };
}
