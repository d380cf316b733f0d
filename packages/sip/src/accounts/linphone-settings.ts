/** Settings as Linphone fetches them: its configuration file as XML (lpconfig.xsd). */
import type { E164 } from '../number.ts';
import type { DigestCredential } from './account-desk.ts';

interface PhoneOf {
  readonly number: E164;
  readonly provider: string;
  readonly credential: DigestCredential;
}

type Entries = Readonly<Record<string, string>>;

const registerSeconds = 300;

/**
 * Returns the document. Of `media_encryption` Linphone knows `none`, `srtp`, `zrtp` and `dtls`, and takes
 * any other word for `none`.
 */
export function linphoneSettings({ number, provider, credential }: PhoneOf): string {
  const address = `sip:${number}@${provider}`;
  const sections: Readonly<Record<string, Entries>> = {
    sip: { default_proxy: '0', media_encryption: 'dtls', verify_server_certs: '1' },
    proxy_0: {
      reg_proxy: `<sip:${provider};transport=tls>`,
      reg_identity: address,
      reg_expires: String(registerSeconds),
      reg_sendregister: '1',
      publish: '0',
    },
    auth_info_0: {
      username: number,
      userid: credential.username,
      passwd: credential.password,
      realm: credential.realm,
      domain: provider,
    },
  };
  const body = Object.entries(sections).map(([name, entries]) => sectionText(name, entries));
  return `<?xml version="1.0" encoding="UTF-8"?>
<config xmlns="http://www.linphone.org/xsds/lpconfig.xsd">
${body.join('')}</config>
`;
}

function sectionText(name: string, entries: Entries): string {
  const lines = Object.entries(entries).map(
    ([entry, value]) => `    <entry name="${entry}" overwrite="true">${escaped(value)}</entry>\n`,
  );
  return `  <section name="${name}">\n${lines.join('')}  </section>\n`;
}

/** XML 1.0 §2.4. */
function escaped(text: string): string {
  const names: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
  };
  return text.replaceAll(/[&<>"]/g, (character) => names[character]!);
}
