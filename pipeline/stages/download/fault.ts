/**
 * Why a file did not come. `passing`: trying again may help. `wrong`: what came is not the file, which is worth one more
 * fetch from its beginning. `lasting`: neither. Messages read on after "images_01.tar.gz: ".
 */
export type Fault =
  | Readonly<{is: 'stopped'}>
  | Readonly<{
      is: 'passing';
      /** The system's or the library's name for it, or the status of the answer. */
      code: string;
      message: string;
      hint: string;
      /** How long the server asks to be left alone. */
      retryAfterMs: number | null;
    }>
  | Readonly<{is: 'wrong'; message: string; hint: string}>
  /** `code` is null when the configuration or the file on the server has to be mended, not the network. */
  | Readonly<{is: 'lasting'; code: string | null; message: string; hint: string}>;

export type Wrong = Extract<Fault, {is: 'wrong'}>;

/** Why a file does not come at all, after all that was tried. */
export type Refusal = Extract<Fault, {is: 'stopped' | 'lasting'}>;

export const STOPPED: Refusal = {is: 'stopped'};

export function lasting(message: string, hint: string, code: string | null = null): Refusal {
  return {is: 'lasting', code, message, hint};
}

export function passing(
  code: string,
  message: string,
  {hint = RESUMES, retryAfterMs = null}: Readonly<{hint?: string; retryAfterMs?: number | null}> = {},
): Fault {
  return {is: 'passing', code, message, hint, retryAfterMs};
}

const RESUMES = 'run again later: what is here already is not fetched again';
