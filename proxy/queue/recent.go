package queue

// recent is what was written last, as it stands in the file: sealed, and no more than there is room for. What is handed
// out soon after it came is read there, and not from the disk, which counts all the same: what was not written is not
// there. It is used under the queue's mutex.
type recent struct {
	size       int    // how much room there is; 0: nothing is kept
	room       []byte // a byte of the file has the place of its offset, modulo the length; nil until something is added
	file       *file
	begin, end int64 // which bytes of the file are there
}

// add adds what was written to a file.
func (r *recent) add(f *file, at int64, b []byte) {
	if r.size == 0 {
		return
	}
	if r.room == nil {
		r.room = make([]byte, r.size)
	}
	if r.file != f || r.end != at {
		r.file, r.begin = f, at
	}
	r.end = at + int64(len(b))
	if over := len(b) - len(r.room); over > 0 {
		b, at = b[over:], at+int64(over)
	}
	n := copy(r.room[at%int64(len(r.room)):], b)
	copy(r.room, b[n:])
	r.begin = max(r.begin, r.end-int64(len(r.room)))
}

// holds tells whether so many bytes of a file are there.
func (r *recent) holds(f *file, at, n int64) bool {
	return r.file == f && at >= r.begin && at+n <= r.end
}

// read reads bytes that are there.
func (r *recent) read(at int64, to []byte) {
	n := copy(to, r.room[at%int64(len(r.room)):])
	copy(to[n:], r.room)
}

// forget forgets what was written to a file.
func (r *recent) forget(f *file) {
	if r.file == f {
		clear(r.room)
		r.file, r.begin, r.end = nil, 0, 0
	}
}
