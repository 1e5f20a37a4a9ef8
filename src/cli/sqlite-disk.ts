import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HuntDisk } from '../sim/hunt-disk.ts';
import { acquireRunLock } from '../store/lock.ts';
import { openStore } from '../store/sqlite.ts';
import { openReports } from '../store/sqlite-reports.ts';

/** The store of a real run on a disk of its own: a folder that is gone when it is disposed of. */
export function sqliteDisk(): HuntDisk {
  const folder = mkdtempSync(join(tmpdir(), 'campaign-hunt-'));
  const path = join(folder, 'campaign.db');
  return {
    open: (defer) => {
      const store = openStore({ path, defer });
      return {
        breakers: store.breakers,
        alerts: store.alerts,
        journal: (campaign) => store.journal(campaign),
        contacts: (campaign, options) => store.contacts(campaign, options),
        settle: (settlement) => store.settle(settlement),
        standings: (campaign) => {
          using reports = openReports({ path });
          return reports.standings(campaign);
        },
        noteUsage: (note) => store.noteUsage(note),
        usage: (campaign) => {
          using reports = openReports({ path });
          return reports.usage(campaign);
        },
        kill: () => store.kill(),
        close: () => store.close(),
      };
    },
    lock: (campaign) => acquireRunLock({ store: path, campaign }),
    dispose: () => rmSync(folder, { recursive: true, force: true }),
  };
}
