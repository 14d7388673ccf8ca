package webhook

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestOneMessageHoldsUpItsOwnPerson: whatever a receiver does with a message that it does not take, everybody else's
// arrive, and later ones about the same person wait for it. When it is taken they follow, in their order.
func TestOneMessageHoldsUpItsOwnPerson(t *testing.T) {
	for what, c := range map[string]struct {
		status int
		after  string
		why    string
		within time.Duration // the others arrive
	}{
		"it fails":                        {500, "", WhyFailed, time.Second},
		"it is away":                      {503, "3600", WhyFailed, time.Second},
		"it leads elsewhere":              {302, "", WhyFailed, time.Second},
		"it refuses it":                   {404, "", WhyRefused, time.Second},
		"it forbids it":                   {403, "", WhyRefused, time.Second},
		"it closes":                       {-1, "", WhyBroken, time.Second},
		"it never answers":                {-2, "", WhyTimeout, time.Second},
		"it says that it is one too many": {429, "", WhyLimited, 10 * time.Second},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &shelf{now: time.Now}
				a := newTemplated(t, "a")
				s.post(t, 1, a, "jane@example.com")
				for i := range 60 {
					s.post(t, uint64(i+2), a, person(i))
				}
				s.post(t, 100, a, "JANE@example.com")
				s.post(t, 101, a, "jane@example.com ")
				f := &far{takes: 10 * time.Millisecond}
				f.answer = func(_, body string) (int, string) {
					if strings.EqualFold(body, "jane@example.com") {
						return c.status, c.after
					}
					return 200, ""
				}
				o := deliver(t, s, f, nil, a)
				pass(c.within)
				if s.left() != 3 {
					t.Errorf("%d left: %q", s.left(), o.events())
				}
				pass(11 * time.Second)
				if o.count("a "+c.why) == 0 || s.left() != 3 {
					t.Errorf("%d left: %q", s.left(), o.events())
				}
				f.answers(always(204))
				pass(time.Hour)
				if got, _ := f.sent(); s.left() != 0 ||
					fmt.Sprint(got) != "[a.example jane@example.com a.example JANE@example.com a.example jane@example.com]" {
					t.Errorf("%q, %d left", got, s.left())
				}
			})
		})
	}
}

// TestWhoeverIsInACommonMessageWaits: people of one message are held up together, and nobody else is.
func TestWhoeverIsInACommonMessageWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{now: time.Now}
		a, err := NewReceiver(ReceiverOptions{Name: "a", URL: "https://a.example", Events: []string{Objection},
			SecretFile: secretFile(t, strings.Repeat("k", 32))})
		if err != nil {
			t.Fatal(err)
		}
		s.post(t, 1, a, "ann@example.com", "bob@example.com")
		s.post(t, 2, a, "bob@example.com", "cid@example.com")
		s.post(t, 3, a, "cid@example.com")
		s.post(t, 4, a, "dan@example.com")
		f := &far{}
		f.answer = func(_, body string) (int, string) {
			if strings.Contains(body, "ann@") {
				return 500, ""
			}
			return 200, ""
		}
		deliver(t, s, f, nil, a)
		synctest.Wait()
		if got, n := f.sent(); s.left() != 3 || n != 2 {
			t.Errorf("%q, %d left", got, s.left())
		}
		f.answers(always(200))
		pass(2 * time.Second)
		if got, n := f.sent(); s.left() != 0 || n != 3 || !strings.Contains(got[1], "bob@") ||
			!strings.Contains(got[2], `["cid@example.com"]`) {
			t.Errorf("%q, %d left", got, s.left())
		}
	})
}

// TestManyMessagesOfOnePersonStarveNobody: they are one subject, however many there are.
func TestManyMessagesOfOnePersonStarveNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{now: time.Now}
		a := newTemplated(t, "a")
		const many = 10_000
		body := func() []byte {
			s.post(t, 1, a, "jane@example.com")
			return s.all[0].Body
		}()
		for i := range uint64(many) {
			s.all = append(s.all, Waiting{ID: i + 2, To: "a", Body: body, Since: time.Now()})
		}
		for i := range 60 {
			s.post(t, uint64(many+2+i), a, person(i))
		}
		f := &far{answer: func(_, body string) (int, string) {
			if strings.HasPrefix(body, "jane") {
				return 500, ""
			}
			return 200, ""
		}}
		o := deliver(t, s, f, nil, a)
		pass(time.Second)
		if s.left() != many+1 {
			t.Errorf("%d left", s.left())
		}
		if state := o.States()[0]; state.Room.Messages != many+1 || !state.Oldest.Equal(time.Now().Add(-time.Second)) ||
			!state.Failing.IsZero() && s.left() == 0 {
			t.Errorf("%+v", state)
		}
	})
}

// TestAReceiverThatTakesNothingIsLetBe: it is not tried with every message, once with more and more time between, and
// gets all as soon as it takes one.
func TestAReceiverThatTakesNothingIsLetBe(t *testing.T) {
	for _, status := range []int{0, 401, 404, 429, 500, -1} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &shelf{now: time.Now}
				a := newTemplated(t, "a")
				for i := range 300 {
					s.post(t, uint64(i+1), a, person(i))
				}
				f := &far{answer: always(status)}
				o := deliver(t, s, f, nil, a)
				synctest.Wait()
				if _, n := f.sent(); n == 0 || n >= enoughInARow+4 || s.left() != 300 {
					t.Errorf("%d attempts, %d left", n, s.left())
				}
				pass(2 * time.Hour)
				o.Kick() // hurries nothing
				synctest.Wait()
				if _, n := f.sent(); n < 110 || n > 140 || s.left() != 300 {
					t.Errorf("%d attempts in two hours, %d left", n, s.left())
				}
				f.answers(always(200))
				pass(2 * time.Minute)
				if s.left() != 0 {
					t.Errorf("%d left", s.left())
				}
			})
		})
	}
}

// TestAProbeIsAnotherMessageEachTime: where many are never taken, and the receiver is let be therefore, the others
// arrive all the same.
func TestAProbeIsAnotherMessageEachTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{now: time.Now}
		a := newTemplated(t, "a")
		for i := range 20 {
			s.post(t, uint64(i+1), a, fmt.Sprintf("bad%d@example.com", i))
		}
		for i := range 60 {
			s.post(t, uint64(i+100), a, person(i))
		}
		f := &far{answer: func(_, body string) (int, string) {
			if strings.HasPrefix(body, "bad") {
				return 500, ""
			}
			return 200, ""
		}}
		world := &rough{random: rand.New(rand.NewPCG(1, 2))}
		o := deliver(t, s, f, func(o *OutboxOptions) { o.Rand = world.chance }, a)
		pass(10 * time.Minute)
		if s.left() != 20 {
			t.Errorf("%d left, %q", s.left(), o.events())
		}
		pass(24 * time.Hour)
		before := len(o.events())
		if before > 60+24*60*4 { // it is not asked more often than one that takes nothing
			t.Errorf("%d attempts in a day", before)
		}
		s.post(t, 1000, a, "late@example.com")
		o.Kick()
		pass(3 * time.Minute)
		if s.left() != 20 || !slices.ContainsFunc(o.events()[before:], func(one string) bool {
			return strings.HasPrefix(one, "a told")
		}) {
			t.Errorf("one that comes late: %d left, %q", s.left(), o.events()[before:])
		}
	})
}

// TestManyThatHangLeaveRoom: messages that hang are tried on half of what may be under way, once they are known.
func TestManyThatHangLeaveRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{now: time.Now}
		a := newTemplated(t, "a")
		f := &far{takes: 10 * time.Millisecond, answer: func(_, body string) (int, string) {
			if strings.HasPrefix(body, "bad") {
				return -2, ""
			}
			return 200, ""
		}}
		o := deliver(t, s, f, nil, a)
		for i := range 500 {
			s.post(t, uint64(2*i+1), a, fmt.Sprintf("bad%d@example.com", i))
			s.post(t, uint64(2*i+2), a, person(i))
			if i%20 == 0 {
				o.Kick()
				pass(time.Minute)
			}
		}
		pass(4 * time.Hour)
		if s.left() != 500 {
			t.Fatalf("%d left", s.left())
		}
		for i := range 500 {
			s.post(t, uint64(2000+i), a, fmt.Sprintf("late%d@example.com", i))
		}
		o.Kick()
		pass(4 * time.Minute)
		if s.left() != 500 {
			t.Errorf("%d left", s.left())
		}
	})
}

// TestRetryAfterOfAReceiver: one that says that it gets too much is let be as a whole, for as long as it says.
func TestRetryAfterOfAReceiver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{now: time.Now}
		a := newTemplated(t, "a")
		for i := range 10 {
			s.post(t, uint64(i+1), a, person(i))
		}
		f := &far{answer: func(string, string) (int, string) {
			return 429, time.Now().Add(5 * time.Minute).UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT")
		}}
		deliver(t, s, f, nil, a)
		pass(4 * time.Minute)
		if _, n := f.sent(); n > 4 {
			t.Errorf("%d attempts", n)
		}
		f.answers(always(200))
		pass(2 * time.Minute)
		if s.left() != 0 {
			t.Errorf("%d left", s.left())
		}
	})
}
