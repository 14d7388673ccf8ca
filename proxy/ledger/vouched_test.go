package ledger_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/segment"
)

// TestUnsignedVouching: a record behind the newest checkpoint vouches for no summary. Whoever changes one, and puts a
// record behind the log that says that it is right, is not believed: what was recorded is read again.
func TestUnsignedVouching(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := signing(t, t.TempDir(), nil)
		l, err := ledger.Open(o, ledger.Note{Kind: ledger.KindStart})
		if err != nil {
			t.Fatal(err)
		}
		revoked := ledger.Assessed{Kind: ledger.KindRevocation, Assessment: "LIA-1", Version: 3,
			Because: "the vendor was sold"}
		if err := l.Assessed(revoked); err != nil {
			t.Fatal(err)
		}
		<-time.After(o.Seal + 10*time.Second)
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(o.Dir, segment.FileName(0, ledger.SummarySuffix))
		sum, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		changed := bytes.Replace(sum, []byte(`"revoked":{"LIA-1":3},`), nil, 1)
		if bytes.Equal(changed, sum) {
			t.Fatalf("the summary remembers no revocation: %s", sum)
		}
		if err := os.WriteFile(path, changed, 0o600); err != nil {
			t.Fatal(err)
		}
		record := fmt.Appendf(
			nil, `{"time":"2026-12-01T12:00:00Z","kind":"sealed","first":0,"end":%d,"segment":%q,"summary":"%x"}`,
			gjson.GetBytes(sum, "end").Int(), gjson.GetBytes(sum, "digest").Str, sha256.Sum256(changed))
		all, err := ledger.Segments(o.Dir)
		if err != nil {
			t.Fatal(err)
		}
		open, err := os.OpenFile(all[len(all)-1].Path, os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := open.Write(segment.AppendLine(nil, record)); err != nil {
			t.Fatal(err)
		}
		if err := open.Close(); err != nil {
			t.Fatal(err)
		}
		known, err := ledger.Recover(o.Dir)
		if err != nil || known.Facts.Revoked["LIA-1"] != 3 {
			t.Errorf("remembered are %v, %v", known.Facts.Revoked, err)
		}
	})
}

// TestSignedAtSeal: what says that a segment was sealed is signed at once, however long ago the last checkpoint was.
func TestSignedAtSeal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := signing(t, t.TempDir(), nil)
		o.Checkpoint = 24 * time.Hour
		l, err := ledger.Open(o, ledger.Note{Kind: ledger.KindStart})
		if err != nil {
			t.Fatal(err)
		}
		for hit := range uint64(3) {
			if err := l.Append([]ledger.Event{shaped(hit, "a")}, named{}); err != nil {
				t.Fatal(err)
			}
			<-time.After(o.Seal + 10*time.Second)
			synctest.Wait()
			if of := l.State(); of.Sealed == 0 || of.Signed != of.Records {
				t.Errorf("after hit %d: %+v", hit, of)
			}
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	})
}
