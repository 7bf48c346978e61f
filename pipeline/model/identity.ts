type Brand<T, Name extends string> = T & {readonly __brand: Name};
export type StageId = Brand<string, 'StageId'>;
export type RunName = Brand<string, 'RunName'>;
/** SHA-256, lower-case hexadecimal. */
export type Digest = Brand<string, 'Digest'>;
