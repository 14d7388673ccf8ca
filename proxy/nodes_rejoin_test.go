package proxy_test

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/config/durable/crash"
	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/cluster"
	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/proxy/order"
)

// removes removes the streams of logs, as an operator does.
func (n *natsServer) removes(t testing.TB, kinds ...string) {
	t.Helper()
	nc, err := nats.Connect(n.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range kinds {
		if err := js.DeleteStream(t.Context(), "tagwarden-test_"+kind); err != nil {
			t.Fatal(err)
		}
	}
}

// TestANodeThatOneNewLogIsWithout: one of the two logs is lost, and begun anew by a node that had done more in it than
// another one, which is away. That one is brought to it; of the other log it has all already.
func TestANodeThatOneNewLogIsWithout(t *testing.T) {
	t.Parallel()
	for _, lost := range []string{"administration", "objections"} {
		t.Run(lost, func(t *testing.T) {
			t.Parallel()
			n, v := startNATS(t), startVendor(t)
			a, b := start(t, nodeFolder(t, v.URL, n, "a", "")), start(t, nodeFolder(t, v.URL, n, "b", ""))
			a.ready(t)
			b.ready(t)
			b.user(t, 1)
			crm := b.bearer(t, "crm", "operator")
			until(t, "both know", func() bool { return a.changes(t) == 1 && a.opens(t, crm) })
			if err := b.stop(t); err != nil {
				t.Fatal(err)
			}
			a.user(t, 2)
			ops := a.bearer(t, "ops", "operator")
			n.removes(t, lost)
			until(t, "it is begun anew", func() bool {
				return len(a.restore(t, true).Get("logs.#(begun==true)#").Array()) == 1
			})
			until(t, "it goes on in it", func() bool { return a.user(t, 3)[0].Untold == false })
			young := a.bearer(t, "young", "operator")
			copied := a.copyOf(t)
			a.user(t, 4) // what that one has taken of the other log stays
			if why := refusedStart(t, b.file); !strings.Contains(why, "begun anew") ||
				!strings.Contains(why, "cluster join --again --from DIR") {
				t.Errorf("it says %s", why)
			}
			got, err := rejoins(t, b.file, copied)
			if err != nil || got.Stays != (lost == "administration") || got.Told > 0 {
				t.Fatalf("%+v, %v", got, err)
			}
			if got := strings.Join(b.recordsOf(t, "cluster"), ""); !strings.Contains(got, "is brought to its cluster's log") {
				t.Errorf("its ledger says %s", got)
			}
			b = start(t, b.file)
			b.ready(t)
			until(t, "both know all", func() bool {
				return a.changes(t) == b.changes(t) && b.opens(t, crm) && b.opens(t, ops) && b.opens(t, young)
			})
		})
	}
}

// standsAt tells in which streams a stopped node is.
func standsAt(t *testing.T, data string) (streams [2]string) {
	t.Helper()
	mark, told := objection.MarkIn(filepath.Join(data, "objections"))
	kept, there, err := order.ReadKept(filepath.Join(data, order.FileName))
	if !told || !there || err != nil {
		t.Fatal(told, there, err)
	}
	for i, mark := range []string{mark, kept.Mark} {
		at, err := cluster.ParsePosition(mark)
		if err != nil {
			t.Fatal(err)
		}
		streams[i] = at.Stream
	}
	return streams
}

// administeredAlone is how many acts on tokens a stopped node has to tell.
func administeredAlone(t *testing.T, data string) (n int) {
	t.Helper()
	kept, _, err := order.ReadKept(filepath.Join(data, order.FileName))
	if err != nil {
		t.Fatal(err)
	}
	for _, bodies := range kept.Untold {
		n += len(bodies)
	}
	return n
}

// TestAJoinAgainThatIsKilled: whichever step on the disk is the last one, the folder is as it was, or is not served
// until it is done again, with that copy or with a newer one; and nothing is lost then that it alone had.
func TestAJoinAgainThatIsKilled(t *testing.T) {
	t.Parallel()
	n, v := startNATS(t), startVendor(t)
	only := newWay(t, n)
	by := &natsServer{}
	by.options.Port = only.listener.Addr().(*net.TCPAddr).Port
	a, b := start(t, nodeFolder(t, v.URL, by, "a", "")), start(t, nodeFolder(t, v.URL, n, "b", ""))
	a.ready(t)
	b.ready(t)
	crm := a.bearer(t, "crm", "operator")
	until(t, "both know", func() bool { return b.opens(t, crm) })
	only.cut(true) // b does more, and goes away
	b.act(t, objection.Change{Object: []string{"audience"}})
	b.user(t, 1)
	alone := b.bearer(t, "alone", "operator")
	if w := b.operate("DELETE", "/tokens", `{"name":"crm"}`); w.Code != 200 {
		t.Fatal(w.Code, w.Body)
	}
	if err := b.stop(t); err != nil {
		t.Fatal(err)
	}
	n.loses(t)
	only.cut(false)
	until(t, "it says that the log is missing", a.lacksLog(t))
	until(t, "it is begun anew without the other one", func() bool {
		return !a.restore(t, true).Get("logs.#(gone==true)").Exists()
	})
	a.ready(t)
	a.user(t, 2)
	older := a.copyOf(t)
	a.user(t, 3)
	newer := a.copyOf(t)
	done, want := standsAt(t, older), standsAt(t, newer)

	data := filepath.Join(filepath.Dir(b.file), "data")
	as := filepath.Join(t.TempDir(), "as")
	copies := func(from, to string) error { return exec.Command("cp", "-a", from, to).Run() }
	if err := copies(data, as); err != nil {
		t.Fatal(err)
	}
	loaded, err := config.Load(b.file)
	if err != nil {
		t.Fatal(err)
	}
	was, last := standsAt(t, data), 0
	for step := 1; last == 0; step++ {
		if err := errors.Join(os.RemoveAll(data), copies(as, data)); err != nil {
			t.Fatal(err)
		}
		_, err := proxy.Rejoin(loaded, older, proxy.Options{Disk: &dyingDisk{Disk: durable.System, step: step}})
		if err == nil {
			last = step
			break
		}
		_, begun := os.Stat(filepath.Join(data, "rejoining"))
		if stands := standsAt(t, data); stands != was && begun != nil && stands != done {
			// it may have died when all was done
			t.Errorf("killed at step %d it stands at %s, and would be served", step, stands)
		}
		unfinished := filepath.Join(data, "objections", objection.FileName+".1.new")
		if err := os.WriteFile(unfinished, []byte("of a process that was killed"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := rejoins(t, b.file, newer); err != nil {
			t.Errorf("killed at step %d, and done again: %v", step, err)
		}
		if stands := standsAt(t, data); stands != want {
			t.Errorf("killed at step %d, and done again: it stands at %s, want %s", step, stands, want)
		}
		for _, left := range []string{unfinished, filepath.Join(data, "rejoining")} {
			if _, err := os.Stat(left); err == nil {
				t.Errorf("killed at step %d, and done again: %s is there", step, left)
			}
		}
		if got := administeredAlone(t, data); got != 2 {
			t.Errorf("killed at step %d, and done again: %d acts are to be told", step, got)
		}
	}
	if err := errors.Join(os.RemoveAll(data), copies(as, data)); err != nil {
		t.Fatal(err)
	}
	if _, err := proxy.Rejoin(loaded, older,
		proxy.Options{Disk: &dyingDisk{Disk: durable.System, step: last - 2}}); err == nil {
		t.Error("it is not killed")
	}
	if why := refusedStart(t, b.file); !strings.Contains(why, "cluster join --again --from DIR") {
		t.Errorf("it says %s", why)
	}
	if _, err := rejoins(t, b.file, newer); err != nil {
		t.Fatal(err)
	}
	b = start(t, b.file)
	b.ready(t)
	until(t, "both know all", func() bool {
		return a.changes(t) == 4 && b.changes(t) == 4 && !a.opens(t, crm) && !b.opens(t, crm) && a.opens(t, alone) &&
			b.opens(t, alone)
	})
	if last < 8 {
		t.Errorf("it takes %d steps", last)
	}
}

// dyingDisk is a disk of which no step succeeds from one on.
type dyingDisk struct {
	durable.Disk
	step, taken int
}

func (d *dyingDisk) dead() error {
	if d.taken++; d.taken >= d.step {
		return crash.ErrFailed
	}
	return nil
}

func (d *dyingDisk) OpenFile(path string, flag int, mode os.FileMode) (durable.File, error) {
	if err := d.dead(); err != nil {
		return nil, err
	}
	return d.Disk.OpenFile(path, flag, mode)
}

func (d *dyingDisk) Rename(from, to string) error {
	if err := d.dead(); err != nil {
		return err
	}
	return d.Disk.Rename(from, to)
}

func (d *dyingDisk) Remove(path string) error {
	if err := d.dead(); err != nil {
		return err
	}
	return d.Disk.Remove(path)
}
