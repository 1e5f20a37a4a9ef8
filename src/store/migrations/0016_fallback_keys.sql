-- Fallbacks are told by campaign by now: under the key that an earlier version gave it, nobody
-- would end what is open, and the same would be told a second time beside it.
UPDATE OR REPLACE alert
SET key = 'campaign:' || json_extract(alert, '$.campaign')
  || ':fallback:' || json_extract(alert, '$.service')
  || ':' || substr(key, instr(key, ':fallback:') + length(':fallback:'))
WHERE key GLOB 'service:*:fallback:*';

UPDATE alert SET alert = json_set(alert, '$.key', key) WHERE key GLOB 'campaign:*:fallback:*';

-- What is said of its end takes the place of one that is still to be sent, by the same key.
UPDATE owed_alert
SET alert = json_set(alert, '$.key', 'campaign:' || json_extract(alert, '$.campaign')
  || ':fallback:' || json_extract(alert, '$.service')
  || ':' || substr(json_extract(alert, '$.key'),
    instr(json_extract(alert, '$.key'), ':fallback:') + length(':fallback:')))
WHERE json_extract(alert, '$.key') GLOB 'service:*:fallback:*';
