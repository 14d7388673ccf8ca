package config

import (
	"math"
	"os"
	"strings"
	"testing"
	"time"
)

// TestDelivery: what the server file says of delivery, in each mode.
func TestDelivery(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ written, says string }{ // says: a warning or fault; "" nothing
		{"", ""},
		{"delivery: { mode: direct }\nledger: { retain: 1d }", ""},
		{"delivery: { mode: direct, ttl: 30d }\nledger: { retain: 1d }", "12:27: ttl has no effect in delivery mode direct"},
		{"delivery: { retry: { first: 1s } }", "12:13: retry has no effect in delivery mode direct"},
		{"delivery: { queue: { size: 1GiB } }", "12:13: queue has no effect in delivery mode direct"},
		{"delivery: { park: { for: 1d } }", "12:13: park has no effect in delivery mode direct"},
		{"delivery: { retry: { most: 100ms } }", "12:28: most (100ms) is less than first (500ms)"},
		{"delivery: { mode: queued, retry: { first: 1s, most: 1s }, park: { for: 90d } }", ""},
		{"delivery: { mode: queued }\nledger: { retain: 26h }", ""},
		{"delivery: { mode: queued }\nledger: { retain: 25h }", "13:19: an event may wait for 1d (delivery.ttl)"},
		{"delivery: { mode: queued, ttl: 30d }\nledger: { retain: 43d, seal: 7d }", "keep them for 44d at least"},
		{"delivery: { mode: queued, ttl: 30d }\nledger: { retain: 44d, seal: 7d }", ""},
		{"delivery: { mode: queued }\nledger: { retain: 90d, reserve: 2GiB }",
			"13:33: the queue leaves less room on the disk (1GiB)"},
	} {
		files := base(t)
		if !strings.Contains(c.written, "ledger:") {
			c.written += "\nledger: { retain: 90d }"
		}
		files["tagwarden.yaml"] = append(files["tagwarden.yaml"], c.written+"\n"...)
		loaded, err := compiled(files)
		said := ""
		if err != nil {
			said = err.Error()
		} else {
			said = loaded.Warnings.Error()
		}
		if !strings.Contains(said, c.says) || c.says == "" && said != "" {
			t.Errorf("%s\nsays %q, want %q", c.written, said, c.says)
		}
	}
}

// TestPace: how fast a vendor is asked is read, warned of where nothing is queued, and decides nothing.
func TestPace(t *testing.T) {
	t.Parallel()
	files := base(t)
	before, err := compiled(files)
	if err != nil {
		t.Fatal(err)
	}
	edit := func(with string) *Loaded {
		edited := base(t)
		edited["tagwarden.yaml"] = []byte(strings.Replace(string(files["tagwarden.yaml"]), "{ catalog: ga4 }", with, 1))
		loaded, err := compiled(edited)
		if err != nil {
			t.Fatal(err)
		}
		return loaded
	}
	after := edit("{ catalog: ga4, rate: 0.5, concurrency: 2 }")
	if v := after.Server.Vendors["ga4"]; v.Rate != 0.5 || v.Concurrency != 2 {
		t.Errorf("rate %v, concurrency %d", v.Rate, v.Concurrency)
	}
	if after.Draft.Digest != before.Draft.Digest {
		t.Error("how fast a vendor is asked changes the policy's digest")
	}
	if edit("{ catalog: ga4, private: true }").Draft.Digest == before.Draft.Digest {
		t.Error("another key does not change it")
	}
	for _, key := range []string{"rate", "concurrency"} {
		if !strings.Contains(after.Warnings.Error(), key+" has no effect in delivery mode direct") {
			t.Errorf("nothing warns of %s", key)
		}
	}
}

// TestRate: rates as people write them.
func TestRate(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]float64{
		"1": 1, "50": 50, "0.5": 0.5, "100000": 100_000, "0.001": 0.001, "1.25": 1.25,
		"0": 0, "-1": 0, "0.0001": 0, "100001": 0, "1e3": 0, ".5": 0, "5.": 0, "": 0, "NaN": 0, "Inf": 0,
		"0x1p4": 0, "1.2.3": 0,
		"50/s": 0, "1_000": 0, "１": 0, strings.Repeat("9", 400): 0, "1." + strings.Repeat("0", 400): 0,
	} {
		var r Rate
		err := r.UnmarshalText([]byte(text))
		if (err == nil) != (want > 0) || math.Abs(float64(r)-want) > 1e-12 {
			t.Errorf("%q: %v, %v", text, r, err)
		}
		if err == nil {
			var again Rate
			if again.UnmarshalText([]byte(r.String())) != nil || again != r {
				t.Errorf("%q is written as %q", text, r)
			}
		}
	}
	if got := wholeHours(Duration(time.Hour + time.Second)); got != Duration(2*time.Hour) {
		t.Errorf("%v", got)
	}
}

// TestDocumentedDelivery: what the page of delivery shows of queued delivery is taken, without a word against it.
func TestDocumentedDelivery(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../cmd/tagwarden/docs/delivery.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "```yaml\ndelivery:\n")
	block, _, ended := strings.Cut(rest, "```")
	if !found || !ended {
		t.Fatal("the page does not show it")
	}
	files := base(t)
	files["tagwarden.yaml"] = append(files["tagwarden.yaml"], "delivery:\n"+block...)
	loaded, err := compiled(files)
	if err != nil || loaded.Warnings.Error() != "" {
		t.Fatalf("%v\n%v", err, loaded.Warnings)
	}
	if d := loaded.Server.Delivery; d != (Delivery{
		"queued", Duration(24 * time.Hour), Retry{Duration(500 * time.Millisecond), Duration(15 * time.Second)},
		Queue{"local", 4 << 30, 1 << 30}, Park{256 << 20, Duration(7 * 24 * time.Hour)},
	}) {
		t.Errorf("%+v", d)
	}
}

// TestQueueOnTheClusterNeedsOne: it is refused where no cluster is named.
func TestQueueOnTheClusterNeedsOne(t *testing.T) {
	files := base(t)
	files["tagwarden.yaml"] = append(files["tagwarden.yaml"], "delivery: { mode: queued, queue: { on: cluster } }\n"...)
	if _, err := compiled(files); err == nil || !strings.Contains(err.Error(), "no cluster is named") {
		t.Errorf("%v", err)
	}
}
