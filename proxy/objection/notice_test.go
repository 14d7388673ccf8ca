package objection

import (
	"context"
	"errors"
	"testing"
)

func notice(step uint64, to ...string) Notice {
	n := Notice{About: "review LIA-1 2027-05-04", Step: step}
	for _, name := range to {
		n.Messages = append(n.Messages, Message{To: name, Body: []byte("sealed")})
	}
	return n
}

// TestNoticesAreKeptOnce: a step's messages wait until they are acknowledged, and are kept once, also when they were
// sent long ago and the store was opened anew; what waits of acts waits beside them.
func TestNoticesAreKeptOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := opened(t, Options{Dir: dir})
	waiting := func(want int) []Waiting {
		t.Helper()
		list, err := s.Outbox().Next(0, 100)
		if stats, failed := s.Stats(); err != nil || failed != nil || len(list) != want || stats.Waiting != uint64(want) {
			t.Errorf("%d messages wait, %v; counted %d, %v", len(list), err, stats.Waiting, failed)
		}
		return list
	}
	post := func(n Notice, want bool) {
		t.Helper()
		if kept, err := s.Post(t.Context(), n); err != nil || kept != want {
			t.Errorf("step %d: %v, %v", n.Step, kept, err)
		}
	}
	change := objects(1, All)
	change.Outbox = []Message{{To: "crm", Body: []byte("act")}}
	taken(t, s, change)
	post(notice(17, "crm", "tickets"), true)
	post(notice(17, "crm", "tickets"), false)
	post(notice(1, "crm"), false)
	list := waiting(3)
	if list[1].To != "crm" || list[2].To != "tickets" || string(list[2].Body) != "sealed" || !list[2].Since.Equal(noon) {
		t.Errorf("%+v", list)
	}
	must(t, s.Outbox().Ack([]uint64{list[0].ID, list[1].ID, list[2].ID}))
	waiting(0)
	must(t, s.Close())
	s = opened(t, Options{Dir: dir})
	post(notice(17, "crm", "tickets"), false)
	waiting(0)
	post(notice(24, "tickets"), true)
	waiting(1)
	other := notice(1)
	other.About = "review LIA-2 2027-05-04"
	post(other, true)
	post(other, false)
	waiting(1)
	if s.Head().Size != 1 {
		t.Errorf("notices are no changes: the log holds %d", s.Head().Size)
	}
	if line, err := s.Progress("review LIA-1 2027-05-04"); err != nil || line != 0 {
		t.Errorf("a notice is taken for a file: %d, %v", line, err)
	}
}

// TestNoticesThatCannotBeKept: nobody is told that what is not on disk will be sent.
func TestNoticesThatCannotBeKept(t *testing.T) {
	t.Parallel()
	full, saying := false, error(nil)
	s := opened(t, Options{Tell: func(m *Message, _ *Recorded) ([]byte, error) {
		return m.Body, saying
	}, Free: func() (uint64, error) {
		if full {
			return reserve, nil
		}
		return 1 << 40, nil
	}})
	for _, none := range []Notice{{Step: 1}, {About: "review"}} {
		if kept, err := s.Post(t.Context(), none); err == nil || kept {
			t.Errorf("%+v is kept", none)
		}
	}
	full = true
	if kept, err := s.Post(t.Context(), notice(1, "crm")); !errors.Is(err, ErrFull) || kept {
		t.Errorf("on a full disk: %v, %v", kept, err)
	}
	full = false
	ended, end := context.WithCancel(t.Context())
	end()
	if kept, err := s.Post(ended, notice(1, "crm")); !errors.Is(err, context.Canceled) || kept {
		t.Errorf("without anybody who waits: %v, %v", kept, err)
	}
	unsaid := errors.New("the body cannot be made")
	saying = unsaid
	if kept, err := s.Post(t.Context(), notice(1, "crm")); !errors.Is(err, unsaid) || kept {
		t.Errorf("a message that cannot be made: %v, %v", kept, err)
	}
	if kept, err := s.Post(t.Context(), notice(1, "crm")); !errors.Is(err, ErrPoisoned) || kept {
		t.Errorf("after a failure: %v, %v", kept, err)
	}
	if line, err := s.Progress("notice review LIA-1 2027-05-04"); err != nil || line != 0 {
		t.Errorf("it is kept that it was told: %d, %v", line, err)
	}
}
