package config

import "testing"

func TestNowhereElse(t *testing.T) {
	for host, want := range map[string]bool{
		"n1": true, "nats.nats.svc": true, "n1.eu1.internal": true, "n1.LOCAL": true, "n1.eu1.svc.cluster.local.": true,
		"n1.example": false, "internal.example.com": false, "8.8.8.8": false, "2001:db8::1": false, "svc.com": false,
	} {
		if got := nowhereElse(host); got != want {
			t.Errorf("%s: %v, want %v", host, got, want)
		}
	}
}
