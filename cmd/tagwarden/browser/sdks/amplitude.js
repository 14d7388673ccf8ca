import * as amplitude from '@amplitude/analytics-browser';

window.amplitude = amplitude;
window.sdk = {
  started: loaded => loaded.promise,
  page: () => amplitude.track('Page Viewed', { path: location.pathname }),
  track(name, properties) {
    if (properties.revenue) amplitude.revenue(new amplitude.Revenue().setProductId('SKU-1').setPrice(properties.revenue).setQuantity(1));
    amplitude.track(name, properties);
  },
  identify(p) {
    amplitude.setUserId(p.id);
    amplitude.identify(new amplitude.Identify().set('email', p.email).set('name', `${p.first} ${p.last}`).set('phone', p.phone));
  },
};
