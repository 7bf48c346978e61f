/** Either a value or the reason why there is none. For what may fail in a correct program; bugs throw instead. */
export type Result<T, E> = {readonly ok: true; readonly value: T} | {readonly ok: false; readonly error: E};

export const ok = <T>(value: T): {readonly ok: true; readonly value: T} => ({ok: true, value});
export const err = <E>(error: E): {readonly ok: false; readonly error: E} => ({ok: false, error});

/** Ends a `switch` over a union: a forgotten case does not compile. */
export function unreachable(value: never): never {
  throw new Error(`Internal error: no case for ${JSON.stringify(value)}`);
}
