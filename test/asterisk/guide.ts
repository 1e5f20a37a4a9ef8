/**
 * What docs/guide/asterisk.md tells whoever runs the PBX, done to that of the bed word by word: its
 * trunk, its users with no more rights than it says, its dialplans. Only names of machines, ports
 * and passwords are put in.
 */
import { chmodSync, cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const GUIDE = new URL('../../docs/guide/asterisk.md', import.meta.url);

/**
 * A dialplan that ends what its trunk refuses as FreePBX's outbound routes do: in words of its own,
 * some of which leave no cause behind.
 */
const ROUTES = `
[from-internal]
exten => _+X.,1,Dial(PJSIP/\${EXTEN}@trunk,300)
 same => n,Goto(s-\${DIALSTATUS},1)
exten => s-ANSWER,1,Hangup()
exten => s-BUSY,1,PlayTones(busy)
 same => n,Busy(20)
exten => s-NOANSWER,1,Progress()
 same => n,Playback(number-not-answering,noanswer)
 same => n,Congestion(20)
exten => _s-.,1,Goto(refused-\${HANGUPCAUSE},1)
exten => refused-17,1,Goto(s-BUSY,1)
exten => refused-18,1,Goto(s-NOANSWER,1)
exten => refused-22,1,Goto(s-BUSY,1)
exten => refused-28,1,Goto(s-BUSY,1)
exten => _refused-.,1,Progress()
 same => n,Playback(all-circuits-busy-now&pls-try-call-later,noanswer)
 same => n,Hangup()
`;

/** A copy of the bed's configuration, set up by the guide. */
export function asGuided(config: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'asterisk-bed-config-'));
  cpSync(config, folder, { recursive: true });
  const pbx = join(folder, 'pbx');
  chmodSync(pbx, 0o755);
  const edit = (name: string, change: (text: string) => string): void => {
    const file = join(pbx, name);
    chmodSync(file, 0o644);
    writeFileSync(file, change(readFileSync(file, 'utf8')));
  };
  const snippets = [...readFileSync(GUIDE, 'utf8').matchAll(/```ini\n([^`]+)```/g)];
  const about = (first: string): string => {
    const text = snippets.find(([, one = '']) => one.startsWith(first))?.[1];
    if (text === undefined) throw new Error(`the guide has nothing that begins with ${first}`);
    return text.replaceAll('a long random text', '@AMI_SECRET@');
  };
  const carrier = about('; pjsip.conf')
    // The bed has a transport of that name, on a port of its own.
    .replace(/\[transport-udp\][^[]+/, '')
    .replace('the account of your carrier', 'pbx')
    .replace('its password', '@SIP_PASSWORD@')
    .replace('sip.carrier.example:5060', '127.0.0.1:@CARRIER_SIP_PORT@');
  const dialplans = `${about('[campaign-amd]')}\n${about('[campaign]\nexten')}`;
  edit('pjsip.conf', (text) => `${text}\n${carrier}`);
  edit('http.conf', () => about('; http.conf').replace('8088', '@HTTP_PORT@'));
  edit('ari.conf', () => about('; ari.conf'));
  edit('manager.conf', (text) => {
    const others = text.replace(/\[campaign\][^[]+/, '');
    return `${others}\n${about('; manager.conf')}`;
  });
  edit('extensions.conf', (text) => `${text}\n${dialplans}\n${ROUTES}`);
  return folder;
}

/** Over the trunk of the guide. */
export const GUIDED_ENDPOINT = 'PJSIP/{number}@trunk';

/** Over the routes before it. */
export const ROUTED_ENDPOINT = 'Local/{number}@from-internal/n';
