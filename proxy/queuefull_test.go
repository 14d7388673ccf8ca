package proxy_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/proxy"
)

// filling is a disk that may have no room for frames and records.
type filling struct {
	durable.Disk
	full atomic.Bool
}

type fillingFile struct {
	durable.File
	of *filling
}

func (d *filling) OpenFile(path string, flag int, mode os.FileMode) (durable.File, error) {
	f, err := d.Disk.OpenFile(path, flag, mode)
	if ext := filepath.Ext(path); err == nil && (ext == ".frames" || ext == ".jsonl") {
		return fillingFile{f, d}, nil
	}
	return f, err
}

func (f fillingFile) Write(b []byte) (int, error) {
	if f.of.full.Load() {
		n, _ := f.File.Write(b[:len(b)/2])
		return n, syscall.ENOSPC
	}
	return f.File.Write(b)
}

// TestADiskThatFillsWhileServing: the server says that it is not ready while hits are still taken; when nothing can be
// written they get 503 and may come again; when there is room it goes on by itself. What was taken arrives, once, and
// what was not does not.
func TestADiskThatFillsWhileServing(t *testing.T) {
	door := new(scripted)
	for range 1_000_000 {
		door.will = append(door.will, unconnected)
	}
	file := queuedFolder(t, "http://127.0.0.1:1")
	write(t, file, strings.Replace(read(t, file), "mode: queued,", "mode: queued, queue: { reserve: 1GiB },", 1))
	d := &filling{Disk: durable.System}
	var free atomic.Uint64
	free.Store(100 << 30)
	r := start(t, file, door.option, func(o *proxy.Options) {
		o.Disk, o.Free = d, func() (uint64, error) { return free.Load(), nil }
	})
	taken, n := map[string]bool{}, 0
	send := func() answer {
		n++
		hit := strings.Replace(strings.Replace(pageView, "page_view", "serial"+strconv.Itoa(n)+"x", 1), "1234567890",
			strconv.Itoa(1_000_000_000+n), 1)
		a := r.send(t, get(hit, consent))
		taken["serial"+strconv.Itoa(n)+"x"] = a.status == 204
		if a.status != 204 && (a.status != 503 || a.headers.Get("Retry-After") == "") {
			t.Errorf("%+v", a)
		}
		return a
	}
	ready := func() (int, string) { return r.get(t, "/readyz") }
	for range 5 {
		if a := send(); a.status != 204 {
			t.Fatal(a)
		}
	}
	if status, text := ready(); status != 200 {
		t.Fatal(text)
	}
	free.Store(1<<30 + 50<<20)
	until(t, "it is not ready", func() bool { status, _ := ready(); return status == 503 })
	if a := send(); a.status != 204 {
		t.Errorf("there is room still: %d", a.status)
	}
	d.full.Store(true) // before anybody looked at how much is free
	for range 5 {
		if a := send(); a.status == 204 {
			t.Error("a hit was taken that cannot be written")
		}
	}
	if status, _ := ready(); status != 503 {
		t.Error("it is ready")
	}
	free.Store(0)
	until(t, "hits are refused for want of room", func() bool {
		return send().status == 503 && r.figure(t, `tagwarden_queue_full_total{cause="disk"}`) != "0"
	})
	d.full.Store(false)
	until(t, "it is said that hits are refused", func() bool {
		send()
		status, text := ready()
		return status == 503 && strings.Contains(text, "the queue has no room for the hits that come: they are refused")
	})
	free.Store(100 << 30)
	until(t, "hits are taken again", func() bool { return send().status == 204 })
	until(t, "it is ready again", func() bool { status, _ := ready(); return status == 200 })
	accepted := 0
	for _, is := range taken {
		if is {
			accepted++
		}
	}
	if got := int(r.queue(t, "GET", "", "", 200).Get("pending").Int()); got != accepted {
		t.Errorf("%d are pending, and %d were taken", got, accepted)
	}
	if err := r.stop(t); err != nil {
		t.Fatal(err)
	}
	door.will, door.left = nil, nil
	r = start(t, file, door.option)
	until(t, "all have arrived", func() bool { return r.Pending() == 0 })
	arrived := map[string]int{}
	for _, request := range door.departed() {
		arrived[serial.FindString(request)]++
	}
	for name, is := range taken {
		if want := map[bool]int{true: 1, false: 0}[is]; arrived[name] != want {
			t.Errorf("%s arrived %d times, want %d", name, arrived[name], want)
		}
	}
}
