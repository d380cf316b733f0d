/** A network with one other member, which answers each request by a script. */
import type { FrameStream, Network } from '../../src/network/network.ts';

export function scriptedNetwork(
  memberName: string,
  answer: (request: Uint8Array) => Uint8Array | undefined,
): Network {
  return {
    addresses: () => [],
    admit: () => {},
    connected: () => [memberName],
    open: () => Promise.resolve(scriptedStream(answer)),
    serve: () => Promise.resolve(),
    onConnect: () => () => {},
    publish: () => Promise.resolve(),
    onMessage: () => {},
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function scriptedStream(answer: (request: Uint8Array) => Uint8Array | undefined): FrameStream {
  const answers: (Uint8Array | undefined)[] = [];
  return {
    read: () => Promise.resolve(answers.shift()),
    write: (frame) => {
      answers.push(answer(frame));
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
    abort: () => {},
  };
}
