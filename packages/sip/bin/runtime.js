/**
 * Which Node runs the command. A checkout has the one that npm pinned for it. A published package brings
 * the one that it was tested with, for Linux on two processors (`optionalDependencies`); elsewhere it is
 * run by the one that started it, when that is new enough. Plain JavaScript: any Node may read it.
 */
import { createRequire } from 'node:module';

const majorMin = 26;
const ownMajor = Number(process.versions.node.split('.')[0]);

/** Whether the Node that started the command may also run it. */
export const isOwnNodeNewEnough = ownMajor >= majorMin;

/** The path of that Node; ends the process with a sentence when there is none. */
export function nodePath({ isCheckout }) {
  const name = isCheckout ? 'node' : `node-${process.platform}-${process.arch}`;
  try {
    return createRequire(import.meta.url).resolve(`${name}/bin/node`);
  } catch {
    if (isOwnNodeNewEnough) return process.execPath;
    process.stderr.write(
      `Node.js ${majorMin} or newer is needed, this is ${process.versions.node}, and ${name} is not installed\n`,
    );
    return process.exit(1);
  }
}
