export { connectPrometheus, type PrometheusSettings } from './connect-prometheus.ts';
