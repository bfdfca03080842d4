import { defineConfig } from 'hindsight-kit';
import { customerHistory } from '../orders/customer-history.ts';
import { openOrders } from '../orders/open-orders.ts';
import { order } from '../orders/order.ts';
import { permit } from './permit.ts';

// The decider of orders names what its items are known by: elementKeys { '/items': 'sku' }.
export default defineConfig({
  store: '../../.demo/desk.db',
  deciders: { order, case: permit },
  projections: [openOrders, customerHistory],
});
