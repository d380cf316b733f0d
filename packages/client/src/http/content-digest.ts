/** The `Content-Digest` field (RFC 9530) of a body, by SHA-256. */

/** Returns the value of the field. */
export async function contentDigest(body: Uint8Array): Promise<string> {
  const digest = await globalThis.crypto.subtle.digest('SHA-256', new Uint8Array(body));
  return `sha-256=:${new Uint8Array(digest).toBase64()}:`;
}

/** Whether a field names the SHA-256 of `body`; other digests beside it are not looked at. */
export async function hasContentDigest(field: string, body: Uint8Array): Promise<boolean> {
  const expected = await contentDigest(body);
  return field.split(',').some((member) => member.trim() === expected);
}
