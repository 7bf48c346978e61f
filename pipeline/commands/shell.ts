/** What a command may use of the process around it; cli.ts makes the only real one. */
export type Shell = Readonly<{
  /** The current folder, absolute. */
  folder: string;
  /** The state directory, absolute. */
  home: string;
  environment: Readonly<Record<string, string | undefined>>;
  argv: readonly string[];
  /** One JSON document on stdout, also for a refusal. */
  json: boolean;
  host: string;
  pid: number;
  version: string;
  node: string;
  /** To stdout, which is for machines and for tables that were asked for. */
  print(text: string): void;
  /** To stderr, which is for people. */
  say(text: string): void;
  terminal: Readonly<{stream: NodeJS.WriteStream; live: boolean; color: boolean; colorStdout: boolean}>;
  stdout: NodeJS.WriteStream;
  verbosity: -1 | 0 | 1 | 2;
  now(): Date;
  /** Aborted by the first Ctrl-C or SIGTERM: checkpoint and stop. */
  interrupted: AbortSignal;
  /** Aborted by the second: kill what still runs. */
  killed: AbortSignal;
}>;
