package queue

import (
	"bytes"
	"testing"
)

// TestNothingIsLeftOfAnEvent: whatever was read into it, of whatever length and in whichever
// order, its room is empty once it was reset.
func TestNothingIsLeftOfAnEvent(t *testing.T) {
	t.Parallel()
	var e Event
	for _, sizes := range [][]int{{100}, {500, 20}, {20, 400}, {300, 500, 100}, {10}, {}} {
		var rooms [][]byte
		for _, size := range sizes {
			room := e.room(size)
			for i := range room {
				room[i] = byte(1 + i%255)
			}
			rooms = append(rooms, room)
		}
		e.Reset()
		rooms = append(rooms, e.buf[:cap(e.buf)])
		for _, room := range rooms {
			if !bytes.Equal(room, make([]byte, len(room))) {
				t.Fatalf("frames of %v bytes: some of them are there still: %x", sizes, room)
			}
		}
	}
}
