// PostgreSQL: one pool for the API and the worker; statements have names, so that each is parsed and planned once a connection.

import { Injectable, OnModuleDestroy } from '@nestjs/common';
import pg from 'pg';

import { settings } from './settings.js';

export interface ExportRow {
  id: string;
  organisation: string;
  first_day: string;
  last_day: string;
  state: string;
  rows: number | null;
  file: string | null;
}

@Injectable()
export class Database implements OnModuleDestroy {
  private readonly pool = new pg.Pool({
    host: settings.postgresSocket,
    database: 'postgres',
    max: settings.connections,
    min: settings.connections,
    idleTimeoutMillis: 0,
  });

  async create(organisation: string, firstDay: string, lastDay: string): Promise<ExportRow> {
    const result = await this.pool.query<ExportRow>({
      name: 'create',
      text: `INSERT INTO exports (organisation, first_day, last_day) VALUES ($1, $2, $3)
             RETURNING id, organisation, first_day::text, last_day::text, state, rows, file`,
      values: [organisation, firstDay, lastDay],
    });
    return result.rows[0];
  }

  async find(id: string): Promise<ExportRow | undefined> {
    const result = await this.pool.query<ExportRow>({
      name: 'find',
      text: 'SELECT id, organisation, first_day::text, last_day::text, state, rows, file FROM exports WHERE id = $1',
      values: [id],
    });
    return result.rows[0];
  }

  /** The cells of all messages of these days, in order; times come as text, so that nothing converts them twice. */
  async messages(organisation: string, firstDay: string, lastDay: string): Promise<string[][]> {
    const result = await this.pool.query({
      name: 'messages',
      text: `SELECT message_id, channel, thread, sender,
                    to_char(sent_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
                    to_char(edited_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), kind, text, attributes
             FROM messages
             WHERE organisation = $1 AND sent_at >= $2::date AND sent_at < $3::date + 1
             ORDER BY sent_at, message_id`,
      values: [organisation, firstDay, lastDay],
      rowMode: 'array',
    });
    return result.rows as unknown as string[][];
  }

  async succeed(id: string, rows: number, file: string): Promise<void> {
    await this.pool.query({
      name: 'succeed',
      text: "UPDATE exports SET state = 'succeeded', rows = $2, file = $3, finished_at = now() WHERE id = $1",
      values: [id, rows, file],
    });
  }

  async onModuleDestroy(): Promise<void> {
    await this.pool.end();
  }
}
