// The usual stack in one process: NestJS answers, BullMQ works, Redis queues, PostgreSQL remembers.

import 'reflect-metadata';

import { BullModule } from '@nestjs/bullmq';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';

import { Database } from './database.js';
import { ExportsController } from './exports.controller.js';
import { ExportsProcessor } from './exports.processor.js';
import { settings } from './settings.js';

@Module({
  imports: [
    BullModule.forRoot({ connection: { host: '127.0.0.1', port: settings.redisPort } }),
    BullModule.registerQueue({ name: 'exports' }),
  ],
  controllers: [ExportsController],
  providers: [Database, ExportsProcessor],
})
class AppModule {}

const app = await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter(), { logger: ['error', 'warn'] });
app.enableShutdownHooks();
await app.listen(settings.port, '127.0.0.1');
