/**
 * Settings of certificates: files, or an authority that is asked by ACME. What the schema cannot say, that
 * one of both has to be there, is said here.
 */
import { Type } from 'typebox';
import type { Static, TString } from 'typebox';

const path = (description: string): TString =>
  Type.String({ minLength: 1, maxLength: 4096, description });

/** The host in the charter, `api` in the zone, and name servers; an authority takes up to 100. */
const namesMax = 16;

/** The group `api.acme`. */
export const AcmeSettings = Type.Object(
  {
    directory: Type.String({
      pattern: '^https://[^\\s#]{1,250}$',
      description: "https URL of an authority's ACME directory",
    }),
    contact: Type.String({
      pattern: '^[^\\s@,?]{1,64}@[^\\s@,?]{1,253}$',
      description: 'e-mail address for the authority',
    }),
    termsAccepted: Type.Literal(true, {
      description: "true: that you accept the authority's terms of service",
    }),
    names: Type.Optional(
      Type.Array(
        Type.String({
          pattern: '^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,62}\\.)+[a-z][a-z0-9-]{0,62}$',
          description: 'host name in lower case, without a final dot',
        }),
        { minItems: 1, maxItems: namesMax, description: `1 to ${namesMax} host names` },
      ),
    ),
    ca: Type.Optional(path('path of a file')),
    externalAccount: Type.Optional(
      Type.Object(
        {
          keyId: Type.String({
            pattern: '^[!-~]{1,256}$',
            description: '1 to 256 printable ASCII characters',
          }),
          keyFile: path('path of a file'),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
);

export type AcmeSettings = Static<typeof AcmeSettings>;

interface TlsConfig {
  readonly api: OptionalPaths & { readonly acme?: AcmeSettings };
  readonly dns: { readonly tls?: OptionalPaths };
}

interface OptionalPaths {
  readonly certificate?: string;
  readonly privateKey?: string;
}

export interface TlsProblem {
  readonly setting: string;
  readonly problem: string;
  readonly fix: string;
}

/** What the schema does not tell: which setting, and what is wrong with it. */
export function tlsProblems({ api, dns }: TlsConfig): TlsProblem[] {
  const problems: TlsProblem[] = [];
  const places = [
    ['api', api],
    ['dns.tls', dns.tls ?? {}],
  ] as const;
  for (const [place, { certificate, privateKey }] of places) {
    if ((certificate === undefined) === (privateKey === undefined)) continue;
    const missing = certificate === undefined ? 'certificate' : 'privateKey';
    const fix = 'name both files of a pair';
    problems.push({ setting: `${place}.${missing}`, problem: 'is missing', fix });
  }
  if (api.acme === undefined && (api.certificate ?? api.privateKey) === undefined) {
    const problem = 'has no certificate';
    problems.push({ setting: 'api', problem, fix: 'add certificate and privateKey, or acme' });
  }
  return problems;
}

/** The settings of a place with absolute paths. */
export function resolveCertificatePaths<Settings extends OptionalPaths>(
  settings: Settings,
  at: (path: string) => string,
): Settings {
  const { certificate, privateKey } = settings;
  return {
    ...settings,
    ...(certificate !== undefined && { certificate: at(certificate) }),
    ...(privateKey !== undefined && { privateKey: at(privateKey) }),
  };
}

export function resolveAcmePaths(acme: AcmeSettings, at: (path: string) => string): AcmeSettings {
  const { ca, externalAccount } = acme;
  return {
    ...acme,
    ...(ca !== undefined && { ca: at(ca) }),
    ...(externalAccount && {
      externalAccount: { ...externalAccount, keyFile: at(externalAccount.keyFile) },
    }),
  };
}

/** Both paths, where they are set. */
export function pathsIn(
  settings: OptionalPaths,
): { readonly certificate: string; readonly privateKey: string } | undefined {
  const { certificate, privateKey } = settings;
  return certificate === undefined || privateKey === undefined
    ? undefined
    : { certificate, privateKey };
}
