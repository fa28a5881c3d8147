// The API: an export is asked for, and looked at.

import { InjectQueue } from '@nestjs/bullmq';
import { Body, Controller, Get, HttpCode, NotFoundException, Param, Post } from '@nestjs/common';
import type { Queue } from 'bullmq';

import { Database, type ExportRow } from './database.js';

interface Asked {
  organisation: string;
  from: string;
  to: string;
}

@Controller('exports')
export class ExportsController {
  constructor(
    private readonly database: Database,
    @InjectQueue('exports') private readonly queue: Queue,
  ) {}

  @Post()
  @HttpCode(202)
  async create(@Body() asked: Asked): Promise<ExportRow> {
    const row = await this.database.create(asked.organisation, asked.from, asked.to);
    await this.queue.add('export', { id: row.id }, { removeOnComplete: 1000, removeOnFail: 1000, attempts: 3 });
    return row;
  }

  @Get(':id')
  async find(@Param('id') id: string): Promise<ExportRow> {
    const row = await this.database.find(id);
    if (!row) throw new NotFoundException();
    return row;
  }
}
