package alarm

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// state is a Watch as it is kept over a restart.
type state struct {
	Version int     `json:"version"`
	Newest  int64   `json:"newest"` // the number of the newest slot
	Began   int64   `json:"began"`
	Minute  int64   `json:"minute"`
	Looked  []uint8 `json:"looked"` // minutes of each slot, up to the newest
	Series  []kept  `json:"series"`
	Ringing []Alarm `json:"ringing"`
	Pending []Alarm `json:"pending"`
}

// kept is a series. Slots in which nothing was counted are left out.
type kept struct {
	Measure Measure     `json:"measure"`
	Subject string      `json:"subject"`
	Slots   [][3]uint32 `json:"slots"` // how long before the newest, of, all
}

// stateVersion is the form of a state.
const stateVersion = 1

// ErrState says that a text is no state of this version's.
var ErrState = errors.New("it is no state of alarms that this version wrote")

// State writes what is remembered: what was counted, which alarms ring, and of which nobody was told.
func (w *Watch) State() ([]byte, error) {
	s := state{Version: stateVersion, Newest: w.newest, Began: w.began, Minute: w.minute, Ringing: w.Ringing(),
		Pending: w.Pending()}
	ring := int64(len(w.looked))
	for i := range w.looked {
		number := w.newest - int64(len(w.looked)-1-i)
		s.Looked = append(s.Looked, w.looked[((number%ring)+ring)%ring])
	}
	for of, all := range w.all {
		one := kept{Measure: of.measure, Subject: of.subject, Slots: [][3]uint32{}}
		for before := range all {
			number := w.newest - int64(before)
			if number < w.began {
				break
			}
			if at := all[number%ring]; at != (pair{}) {
				one.Slots = append(one.Slots, [3]uint32{uint32(before), at.of, at.all})
			}
		}
		s.Series = append(s.Series, one)
	}
	slices.SortFunc(s.Series, func(a, b kept) int {
		return strings.Compare(string(a.Measure)+" "+a.Subject, string(b.Measure)+" "+b.Subject)
	})
	text, err := json.Marshal(&s)
	if err != nil {
		return nil, fmt.Errorf("what alarms go by cannot be written: %w", err)
	}
	return text, nil
}

// Read makes a Watch of what State wrote. What it cannot read is [ErrState].
func Read(text []byte) (*Watch, error) {
	var s state
	if err := json.Unmarshal(text, &s); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrState, err)
	}
	w := new(Watch)
	ring := int64(len(w.looked))
	if s.Version != stateVersion || s.Newest < 0 || s.Began < 0 || s.Began > s.Newest || len(s.Looked) != int(ring) ||
		len(s.Series) > most {
		return nil, ErrState
	}
	w.newest, w.began, w.minute = s.Newest, s.Began, s.Minute
	for i, minutes := range s.Looked {
		number := s.Newest - (ring - 1 - int64(i))
		w.looked[((number%ring)+ring)%ring] = minutes
	}
	w.all = map[key]*series{}
	for i := range s.Series {
		all := new(series)
		for _, at := range s.Series[i].Slots {
			number := s.Newest - int64(at[0])
			if int64(at[0]) >= ring || number < 0 {
				return nil, ErrState
			}
			all[number%ring] = pair{at[1], at[2]}
		}
		w.all[key{s.Series[i].Measure, s.Series[i].Subject}] = all
	}
	w.ringing = map[id]*Alarm{}
	for i := range s.Ringing {
		if words[s.Ringing[i].Name].begun == nil || !s.Ringing[i].Rings() {
			return nil, ErrState
		}
		w.ringing[id{s.Ringing[i].Name, s.Ringing[i].Subject}] = &s.Ringing[i]
	}
	w.pending = s.Pending
	return w, nil
}
