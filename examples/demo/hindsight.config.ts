import { defineConfig } from 'hindsight-kit';
import { order } from './order.ts';
import { permit } from './permit.ts';

export default defineConfig({ store: '../../.demo/desk.db', deciders: { order, case: permit } });
