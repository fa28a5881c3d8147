// What the benchmark tells this program, all through the environment.

function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}

export const settings = {
  port: Number(required('BASELINE_PORT')),
  redisPort: Number(required('BASELINE_REDIS_PORT')),
  postgresSocket: required('BASELINE_POSTGRES_SOCKET'),
  files: required('BASELINE_FILES'),
  concurrency: Number(process.env.BASELINE_CONCURRENCY ?? 8),
  connections: Number(process.env.BASELINE_CONNECTIONS ?? 16),
};
