/** What the process says when it ends; documented in docs/exit-codes.md. */
export const EXIT = {
  ok: 0,
  stageFailed: 1,
  usage: 2,
  differs: 3,
  environment: 4,
  locked: 5,
  verification: 6,
  timeout: 124,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
