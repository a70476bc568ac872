export { createMetricsStore, type OpenMetricsStore } from './create-metrics-store.ts';
export { createStore, type OpenStore, type StoreOptions } from './create-store.ts';
export { StoreError, storeErrors } from './store-error.ts';
