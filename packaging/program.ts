/** Runs the programs that pack and install: to their end, quietly, and with all that they said when they fail. */
import { spawn } from 'node:child_process';

export interface ProgramOptions {
  readonly cwd: string;
  /** Of this process where not given. */
  readonly env?: NodeJS.ProcessEnv;
}

/** Returns what it wrote to standard output; throws when its status is not 0. */
export async function runProgram(
  program: string,
  args: readonly string[],
  { cwd, env = process.env }: ProgramOptions,
): Promise<string> {
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const output: Buffer[] = [];
  const trouble: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => trouble.push(chunk));
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve(status ?? 1));
  });
  const said = Buffer.concat(output).toString();
  if (code === 0) return said;
  const words = `${said}${Buffer.concat(trouble).toString()}`.trim().slice(-4000);
  throw new Error(`${program} ${args[0] ?? ''} ended with status ${code}\n${words}`);
}
