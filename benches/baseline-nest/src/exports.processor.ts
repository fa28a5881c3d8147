// The worker: reads the rows, writes the file, sets the state.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { Processor, WorkerHost } from '@nestjs/bullmq';
import type { Job } from 'bullmq';
import { stringify } from 'csv-stringify/sync';

import { Database } from './database.js';
import { settings } from './settings.js';

const COLUMNS = ['message_id', 'channel', 'thread', 'sender', 'sent_at', 'edited_at', 'kind', 'text', 'attributes'];

@Processor('exports', { concurrency: settings.concurrency })
export class ExportsProcessor extends WorkerHost {
  constructor(private readonly database: Database) {
    super();
  }

  async process(job: Job<{ id: string }>): Promise<void> {
    const row = await this.database.find(job.data.id);
    if (!row) throw new Error('the export is gone');
    const messages = await this.database.messages(row.organisation, row.first_day, row.last_day);
    const file = join(settings.files, `${row.id}.csv`);
    await writeFile(file, stringify([COLUMNS, ...messages], { record_delimiter: 'windows', quoted_match: /[\r\n]/ }));
    await this.database.succeed(row.id, messages.length, file);
  }
}
