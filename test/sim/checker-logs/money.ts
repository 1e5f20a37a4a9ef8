import { type Logs, SightingLog } from '../../support/sighting-log.ts';

/** Ten seconds of calls may be spent; eleven are. */
const spent = () => new SightingLog().budget(10).began().billed('c1', 11).finished('c1').at(1_000);

export const MONEY_LOGS: Logs = {
  'budget kept': {
    accepts: {
      'an end when all is spent': () => spent().ended('budget'),
      'a contact while a little is left': () =>
        new SightingLog()
          .budget(10)
          .began()
          .billed('c1', 9)
          .at(1_000)
          .started('c2')
          .exchange('write', { contact: 'c2' }),
      'a call that an earlier run began': () =>
        spent().killed().began().started('c2').exchange('find', { contact: 'c2' }),
      'whoever was taken before': () =>
        new SightingLog()
          .budget(10)
          .began()
          .started('c2')
          .billed('c1', 11)
          .at(1_000)
          .exchange('write', { contact: 'c2' }),
      'a bill that a kill came upon': () =>
        new SightingLog()
          .budget(10)
          .began()
          .billed('c1', 11)
          .killed()
          .at(1_000)
          .began()
          .started('c2')
          .exchange('write', { contact: 'c2' }),
    },
    refuses: {
      'a call of an earlier run that reached nobody, and is placed again': () =>
        spent()
          .killed()
          .began()
          .started('c2')
          .exchange('find', { contact: 'c2' })
          .exchange('place', { contact: 'c2' }),
      'somebody new': () => spent().started('c2').exchange('write', { contact: 'c2' }),
      'somebody new in the next run': () =>
        spent().ended('budget').began().started('c2').exchange('speak', { contact: 'c2' }),
    },
  },
};
