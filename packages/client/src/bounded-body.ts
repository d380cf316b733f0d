/** Reading what a server sends, up to a limit: the length that it announces is not believed. */
import { concatBytes } from '@callbook/protocol';

/** Reads a response's body; undefined when it has more than `bytesMax`. */
export async function readBoundedBody(
  response: Response,
  bytesMax: number,
): Promise<Uint8Array | undefined> {
  if (response.body === null) return new Uint8Array(0);
  const chunks: Uint8Array[] = [];
  let size = 0;
  // A reader, as not every browser can iterate over a stream.
  const reader: ReadableStreamDefaultReader<Uint8Array> = response.body.getReader();
  for (;;) {
    const { done, value: chunk } = await reader.read();
    if (done) return concatBytes(...chunks);
    size += chunk.length;
    if (size > bytesMax) {
      await reader.cancel();
      return undefined;
    }
    chunks.push(chunk);
  }
}
