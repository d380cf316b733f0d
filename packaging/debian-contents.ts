/**
 * What of an installation by npm a member never reads, and so is not in the Debian package: types, maps,
 * programs for other processors, headers for compilers. Licences stay where their libraries have them.
 */

const patterns: readonly RegExp[] = [
  /\.(?:[cm]?ts|map)$/,
  /^\.(?:bin|package-lock\.json)(?:\/|$)/,
  /^node-linux-[^/]+\/(?:include|share)(?:\/|$)/,
  // Prebuilt: the folder itself stays, and one in it.
  /\/prebuilds\/(?!linux-x64(?:\/|$))[^/]+/,
  /\.musl\.node$/,
];

/** Whether a path, relative to `node_modules`, is left out. */
export function unneededInPackage(path: string): boolean {
  return patterns.some((pattern) => pattern.test(path));
}
