package core

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	_ "time/tzdata" // the vectors name zones

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/qt"
	"github.com/go-qtro/qtro/wire"
)

// keeper is a store in memory, which may be told to fail.
type keeper struct {
	mu           sync.Mutex
	data         map[PersistedKey][]byte
	saves, loads int
	fail         error
	saved        chan struct{} // is told of each attempt
}

func newKeeper() *keeper {
	return &keeper{data: map[PersistedKey][]byte{}, saved: make(chan struct{}, 1000)}
}

func (k *keeper) Save(ctx context.Context, key PersistedKey, data []byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.saves++
	k.saved <- struct{}{}
	if k.fail != nil {
		return k.fail
	}
	k.data[key] = append([]byte{}, data...)
	return ctx.Err()
}

func (k *keeper) Load(_ context.Context, key PersistedKey) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.loads++
	return append([]byte(nil), k.data[key]...), k.fail
}

func (k *keeper) count() (saves, loads int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.saves, k.loads
}

func (k *keeper) setFail(err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.fail = err
}

func (k *keeper) use(c *Config) { c.PersistedStore = k }

// stored returns the values that are kept of an object.
func (k *keeper) stored(t *testing.T, object string, class *Class) map[string]any {
	info, err := class.compile()
	require.NoError(t, err)
	k.mu.Lock()
	defer k.mu.Unlock()
	values, err := decodePersisted(k.data[persistedKey(object, class)], persistedKey(object, class), info)
	require.NoError(t, err)
	out := map[string]any{}
	for i, v := range values {
		out[info.props[i].name] = v.Any()
	}
	return out
}

// panelClass has PERSISTED properties of many kinds, and one that is not.
func panelClass() *Class {
	return &Class{Name: "Panel", Signature: "aa6", Signature5: "aa5",
		Enums: []qt.Enum{{Name: "Mode", Keys: []qt.EnumKey{{Name: "Up", Value: 0}, {Name: "Down", Value: 3}}},
			{Name: "Small", Size: 1, Keys: []qt.EnumKey{{Name: "Tiny", Value: 1}}}},
		PODs: []qt.POD{{Name: "Mark", Fields: []qt.Field{{Name: "at", TypeName: "int"}, {Name: "text", TypeName: "QString"}, {Name: "small", TypeName: "Small"}}}},
		Properties: []Property{
			{Name: "visits", Type: "int", Access: ReadWrite, Default: 7, Persisted: true},
			{Name: "label", Type: "QString", Access: Constant, Default: "c", Persisted: true},
			{Name: "plain", Type: "int", Access: ReadWrite, Default: 1},
			{Name: "mode", Type: "Mode", Persisted: true},
			{Name: "mark", Type: "Mark", Persisted: true},
			{Name: "marks", Type: "QList<Mark>", Persisted: true},
			{Name: "byName", Type: "QMap<QString,Mark>", Persisted: true},
			{Name: "any", Type: "QVariant", Access: ReadWrite, Persisted: true},
			{Name: "list", Type: "QVariantList", Persisted: true},
		}}
}

// mustValue converts to a type of the class.
func mustValue(t *testing.T, class *Class, typ string, x any) qt.Value {
	t.Helper()
	types, err := class.Types()
	require.NoError(t, err)
	typed, err := types.Lookup(typ)
	require.NoError(t, err)
	v, err := typed.Value(x)
	require.NoError(t, err)
	return v
}

// TestPersistedValues: what has been saved is what comes back, to the last bit.
func TestPersistedValues(t *testing.T) {
	class := panelClass()
	info, err := class.compile()
	require.NoError(t, err)
	key := persistedKey("Panel", class)
	require.Equal(t, PersistedKey{"Panel", "Panel", "aa6"}, key)
	mark := map[string]any{"at": 3, "text": qt.NullString, "small": "Tiny"}
	keep := func(version qt.Version, property string, v qt.Value) qt.Value {
		t.Helper()
		i, err := info.property(property)
		require.NoError(t, err)
		values := make([]qt.Value, len(info.props))
		for k := range info.props {
			values[k] = info.props[k].initial
		}
		values[i] = v
		data, err := encodePersisted(key, info, version, values)
		require.NoError(t, err)
		back, err := decodePersisted(data, key, info)
		require.NoError(t, err)
		require.Len(t, back, 8)
		return back[i]
	}
	pod := mustValue(t, class, "Mark", mark)
	for _, c := range []struct {
		property string
		value    qt.Value
	}{
		{"visits", qt.Of(int32(math.MinInt32))},
		{"label", qt.Of("")}, {"label", mustValue(t, class, "QString", qt.NullString)}, {"label", qt.Of("a\x00ü🌦")},
		{"mode", mustValue(t, class, "Mode", "Down")}, {"mode", mustValue(t, class, "Mode", 99)},
		{"mark", pod}, {"marks", mustValue(t, class, "QList<Mark>", []any{mark, mark})}, {"marks", mustValue(t, class, "QList<Mark>", []any{})},
		{"byName", mustValue(t, class, "QMap<QString,Mark>", map[string]any{"a": mark, "": mark})},
		{"any", qt.Value{}}, {"any", pod}, {"any", mustValue(t, class, "QList<Mark>", []any{mark})},
		{"any", mustValue(t, class, "QMap<int,Mark>", map[int]any{-1: mark})}, {"any", qt.Of(math.Copysign(0, -1))}, {"any", qt.Of(math.NaN())},
		{"list", mustValue(t, class, "QVariantList", []any{pod, nil, "x", []any{pod}, map[string]any{"k": pod}})},
	} {
		for _, version := range []qt.Version{qt.Qt5_12, qt.Qt6_2} {
			got := keep(version, c.property, c.value)
			assert.True(t, c.value.Equal(got), "%s: %v became %v", c.property, c.value, got)
		}
	}

	// All that Qt has sent, as a QVariant.
	files, err := filepath.Glob("../qt/testdata/variants*.txt")
	require.NoError(t, err)
	require.Len(t, files, 4)
	tried := 0
	for _, file := range files {
		f, err := os.Open(file)
		require.NoError(t, err)
		version := qt.Qt6_2
		if strings.Contains(file, "qt5") {
			version = qt.Qt5_12
		}
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			fields := strings.Split(lines.Text(), " | ")
			data, err := hex.DecodeString(fields[len(fields)-1])
			if err != nil || len(fields) < 4 {
				continue
			}
			r := qt.NewReader(data, qt.Format{Version: version}, info.types)
			v := r.Variant()
			if r.Finish("vector") != nil {
				continue // a type of the user's
			}
			tried++
			v = v.Unwrap()
			got := keep(version, "any", v)
			assert.True(t, v.Equal(got), "%s: %s: %v became %v", file, fields[1], v, got)
			w := qt.NewWriter(nil, qt.Format{Version: version})
			w.Variant(got)
			before := qt.NewWriter(nil, qt.Format{Version: version})
			before.Variant(v)
			assert.Equal(t, before.Bytes(), w.Bytes(), "%s: %s", file, fields[1])
		}
		require.NoError(t, lines.Err())
		require.NoError(t, f.Close())
	}
	require.Greater(t, tried, 300)
}

// TestPersistedMisfits: what does not fit is left out, and the rest is used.
func TestPersistedMisfits(t *testing.T) {
	class := panelClass()
	info, err := class.compile()
	require.NoError(t, err)
	key := persistedKey("Panel", class)
	format := qt.Format{Version: qt.Qt6_2}
	entry := func(w *qt.Writer, name string, v qt.Value) {
		inner := qt.NewWriter(nil, format)
		inner.Variant(v)
		w.ByteString(name)
		w.ByteArray(inner.Bytes())
	}
	head := func(k PersistedKey, version uint8, count uint32) *qt.Writer {
		w := qt.NewWriter([]byte("qtrp\x01"), format)
		w.ByteString(k.Object)
		w.ByteString(k.Class)
		w.ByteString(k.Signature)
		w.Uint8(version)
		w.Uint32(count)
		return w
	}
	w := head(key, 20, 5)
	entry(w, "any", qt.Of("five"))
	entry(w, "gone", qt.Of("x"))
	entry(w, "plain", qt.Of(int32(5)))
	entry(w, "mode", qt.Of("no mode"))
	entry(w, "visits", qt.Of(int64(12))) // of another type, which it was once
	values, err := decodePersisted(w.Bytes(), key, info)
	require.ErrorContains(t, err, `property "gone": class Panel has no property "gone"`)
	require.ErrorContains(t, err, `property "plain": class: it is not PERSISTED`)
	require.ErrorContains(t, err, `property "mode"`)
	require.Len(t, values, 2)
	require.Equal(t, "five", values[7].Any())
	require.Equal(t, int32(12), values[0].Any())

	whole := w.Bytes()
	for n := range whole {
		_, err := decodePersisted(whole[:n], key, info)
		require.Error(t, err, n)
	}
	_, err = decodePersisted(append(whole, 0), key, info)
	require.ErrorIs(t, err, qt.ErrTrailing)
	for want, data := range map[string][]byte{
		"something else":         []byte("<xml>"),
		"of version 2":           []byte("qtrp\x02"),
		"not of {Object:Panel":   head(PersistedKey{"Other", "Panel", "aa6"}, 20, 0).Bytes(),
		"Signature:bb}":          head(PersistedKey{"Panel", "Panel", "bb"}, 20, 0).Bytes(),
		"QDataStream version 19": head(key, 19, 0).Bytes(),
		"4294967295 items":       head(key, 18, math.MaxUint32).Bytes(),
	} {
		_, err := decodePersisted(data, key, info)
		require.ErrorContains(t, err, want)
	}
}

// panel is a host with a Panel and a node's replica of it.
func panel(t *testing.T, h *Host) *Source {
	t.Helper()
	s, err := NewSource(panelClass())
	require.NoError(t, err)
	require.NoError(t, s.OnWrite("visits", func(_ context.Context, v qt.Value) error { return s.Set("visits", v) }))
	require.NoError(t, h.EnableRemoting(s, "Panel"))
	return s
}

// TestPersisted is the life of the values through the runs of a program.
func TestPersisted(t *testing.T) {
	eachProtocol(t, func(t *testing.T, _ wire.Protocol, opts ...ListenOption) {
		store := newKeeper()
		h, _ := testHost(t)
		s := panel(t, h)

		n, _ := testNode(t, store.use)
		r, err := n.Acquire("Panel", panelClass())
		require.NoError(t, err)
		require.EqualValues(t, 7, current[int32](r, "visits"), "nothing was saved")
		require.NoError(t, r.Close())
		require.NoError(t, n.Close())
		require.Empty(t, store.data, "the replica was never Valid")

		n, _ = testNode(t, store.use)
		connectPipe(t, n, h, opts...)
		r = acquired(t, n, "Panel", panelClass())
		other := acquired(t, n, "Panel", panelClass())
		changed := make(chan int32, 10)
		_, err = r.OnChange("visits", func(v qt.Value) { changed <- int32(v.Int()) })
		require.NoError(t, err)
		require.NoError(t, s.Set("visits", 8))
		require.NoError(t, s.Set("plain", 9))
		require.NoError(t, s.Set("mark", map[string]any{"at": 3, "text": "t", "small": "Tiny"}))
		require.NoError(t, s.Set("any", "anything"))
		require.EqualValues(t, 8, recv(t, changed))
		until(t, "the last change arrives", func() bool { return current[string](r, "any") == "anything" })
		require.NoError(t, r.Close())
		require.NoError(t, other.Close())
		want := map[string]any{"visits": int32(8), "label": "c", "mode": int32(0), "any": "anything"}
		got := store.stored(t, "Panel", panelClass())
		for name, v := range want {
			require.Equal(t, v, got[name], name)
		}
		require.NotContains(t, got, "plain")

		// The same node: the replica starts with what the last one ended with, and so it does in the next.
		for range 2 {
			r, err = n.Acquire("Panel", panelClass())
			require.NoError(t, err)
			require.EqualValues(t, 8, current[int32](r, "visits"))
			require.EqualValues(t, 3, current[map[string]any](r, "mark")["at"])
			require.NoError(t, r.Close())
			require.NoError(t, n.Close())
			n, _ = testNode(t, store.use)
		}

		// Without a host it shows the last values; when there is one it tells of what is different, and of nothing else.
		r, err = n.Acquire("Panel", panelClass())
		require.NoError(t, err)
		require.EqualValues(t, 8, current[int32](r, "visits"))
		require.Equal(t, "anything", current[string](r, "any"))
		require.EqualValues(t, 1, current[int32](r, "plain"))
		require.Equal(t, Default, r.State())
		events := make(chan string, 10)
		for _, p := range []string{"visits", "plain", "any", "mark"} {
			_, err = r.OnChange(p, func(v qt.Value) { events <- fmt.Sprint(p, " ", v) })
			require.NoError(t, err)
		}
		r.OnNotified(func() { events <- "notified" })
		require.NoError(t, s.Set("any", "thing"))
		connectPipe(t, n, h, opts...)
		require.NoError(t, r.Wait(soon(t)))
		require.Equal(t, "plain 9", recv(t, events))
		require.Equal(t, "any thing", recv(t, events))
		require.Equal(t, "notified", recv(t, events))
		nothing(t, events)
		require.NoError(t, n.Close())
		require.Equal(t, "thing", store.stored(t, "Panel", panelClass())["any"])
		saves, _ := store.count()
		require.NoError(t, r.Close())
		again, _ := store.count()
		require.Equal(t, saves, again, "nothing has changed since")
	})
}

// TestPersistedKeys: objects do not share their values, and an interface that has changed starts anew.
func TestPersistedKeys(t *testing.T) {
	store := newKeeper()
	h, _ := testHost(t)
	for i, name := range []string{"a", "b"} {
		s, err := NewSource(panelClass())
		require.NoError(t, err)
		require.NoError(t, s.Set("visits", i))
		require.NoError(t, h.EnableRemoting(s, name))
	}
	n, _ := testNode(t, store.use)
	connectPipe(t, n, h)
	acquired(t, n, "a", panelClass())
	acquired(t, n, "b", panelClass())
	require.NoError(t, n.Close())
	n, _ = testNode(t, store.use)
	for i, name := range []string{"a", "b"} {
		r, err := n.Acquire(name, panelClass())
		require.NoError(t, err)
		require.EqualValues(t, i, current[int32](r, "visits"))
	}
	changed := panelClass()
	changed.Signature = "bb6"
	n, _ = testNode(t, store.use)
	r, err := n.Acquire("a", changed)
	require.NoError(t, err)
	require.EqualValues(t, 7, current[int32](r, "visits"))
	require.Equal(t, "aa5", persistedKey("a", &Class{Name: "Panel", Signature5: "aa5"}).Signature)

	broken := newKeeper() // what was saved is ignored, and written anew
	broken.data[persistedKey("a", panelClass())] = []byte("broken")
	n, errs := testNode(t, broken.use)
	r, err = n.Acquire("a", panelClass())
	require.NoError(t, err)
	require.EqualValues(t, 7, current[int32](r, "visits"))
	nothing(t, errs)
	connectPipe(t, n, h)
	require.NoError(t, r.Wait(soon(t)))
	require.NoError(t, r.Close())
	require.EqualValues(t, 0, broken.stored(t, "a", panelClass())["visits"])
}

// TestPersistedInTime: changes are saved within a second, and not more often than that.
func TestPersistedInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newKeeper()
		h, _ := testHost(t)
		s := panel(t, h)
		n, _ := testNode(t, store.use)
		connectPipe(t, n, h)
		r := acquired(t, n, "Panel", panelClass())
		time.Sleep(savePause + time.Millisecond)
		saves, _ := store.count()
		require.Equal(t, 1, saves, "the values of the source")
		time.Sleep(time.Hour)
		for i := range 100 { // in ten seconds
			require.NoError(t, s.Set("visits", 100+i))
			time.Sleep(100 * time.Millisecond)
		}
		time.Sleep(savePause + time.Millisecond)
		saves, _ = store.count()
		require.Equal(t, 11, saves)
		require.EqualValues(t, 199, store.stored(t, "Panel", panelClass())["visits"])
		require.NoError(t, s.Set("visits", 1))
		synctest.Wait()
		require.NoError(t, s.Set("visits", 199)) // as it was
		require.NoError(t, s.Set("plain", 50))   // which is not PERSISTED
		time.Sleep(time.Minute)
		saves, _ = store.count()
		require.Equal(t, 11, saves)
		require.NoError(t, s.Set("visits", 200))
		synctest.Wait()
		require.NoError(t, n.Close()) // which waits for nothing
		require.EqualValues(t, 200, store.stored(t, "Panel", panelClass())["visits"])
		require.NoError(t, r.Close())
	})
}

// TestPersistedFailures: a store that fails is told of once, and what it has missed is saved when it works again.
func TestPersistedFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newKeeper()
		full := errors.New("the disk is full")
		store.setFail(full)
		h, _ := testHost(t)
		s := panel(t, h)
		n, errs := testNode(t, store.use)
		connectPipe(t, n, h)
		r := acquired(t, n, "Panel", panelClass())
		require.EqualError(t, recv(t, errs), "qtro: load properties of Panel: the disk is full")
		require.NoError(t, s.Set("visits", 100))
		time.Sleep(time.Minute)
		nothing(t, errs)
		store.setFail(nil)
		time.Sleep(savePause + time.Millisecond)
		require.EqualValues(t, 100, store.stored(t, "Panel", panelClass())["visits"], "it is tried again")
		store.setFail(full)
		require.NoError(t, s.Set("visits", 101))
		time.Sleep(time.Minute)
		err := recv(t, errs)
		require.EqualError(t, err, "qtro: save properties of Panel: the disk is full")
		require.ErrorIs(t, err, full)
		nothing(t, errs)
		saves, _ := store.count()
		require.NoError(t, r.Close())
		again, _ := store.count()
		require.Equal(t, saves+1, again)
		time.Sleep(time.Minute)
		now, _ := store.count()
		require.Equal(t, again, now, "nothing is left to be saved")
		require.NoError(t, n.Close())
		nothing(t, errs)
	})
}

// stuck is a store that does not come back before it must.
type stuck struct{ *keeper }

func (s stuck) Save(ctx context.Context, _ PersistedKey, _ []byte) error {
	<-ctx.Done()
	return context.Cause(ctx)
}

func (s stuck) Load(ctx context.Context, _ PersistedKey) ([]byte, error) {
	<-ctx.Done()
	return nil, context.Cause(ctx)
}

// TestPersistedStuck: a store that hangs holds nobody up for long, and other replicas not at all.
func TestPersistedStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := testHost(t)
		s := panel(t, h)
		for i := range 20 {
			other, err := NewSource(panelClass())
			require.NoError(t, err)
			require.NoError(t, h.EnableRemoting(other, fmt.Sprint("Panel", i)))
		}
		c, _ := newCounter(t)
		require.NoError(t, h.EnableRemoting(c, "Counter"))
		n, errs := testNode(t, func(c *Config) { c.PersistedStore = stuck{newKeeper()} })
		start := time.Now()
		r, err := n.Acquire("Panel", panelClass())
		require.NoError(t, err)
		require.Equal(t, storeTimeout, time.Since(start))
		require.ErrorIs(t, recv(t, errs), context.DeadlineExceeded)
		for i := range 20 {
			_, err := n.Acquire(fmt.Sprint("Panel", i), panelClass())
			require.NoError(t, err)
		}
		connectPipe(t, n, h)
		require.NoError(t, r.Wait(soon(t)))
		time.Sleep(savePause + time.Second) // they are being saved
		start = time.Now()
		require.NoError(t, acquired(t, n, "Counter", counterClass()).Close())
		require.NoError(t, s.Set("visits", 70))
		time.Sleep(time.Millisecond) // in which its reader looks again
		require.EqualValues(t, 70, current[int32](r, "visits"))
		require.Equal(t, time.Millisecond, time.Since(start))
		require.NoError(t, n.Close())
		require.LessOrEqual(t, time.Since(start), 2*storeTimeout)
	})
}

// TestPersistedOnlyThere: a class without PERSISTED properties, a dynamic replica and a node without a store have nothing to do
// with it.
func TestPersistedOnlyThere(t *testing.T) {
	store := newKeeper()
	h, _ := testHost(t)
	s := panel(t, h)
	c, _ := newCounter(t)
	require.NoError(t, h.EnableRemoting(c, "Counter"))
	n, _ := testNode(t, store.use)
	connectPipe(t, n, h)
	acquired(t, n, "Counter", counterClass())
	acquired(t, n, "Panel", nil)
	acquired(t, n, "Panel", panelClass()) // shares what the dynamic one has
	bare, _ := testNode(t)
	connectPipe(t, bare, h)
	r := acquired(t, bare, "Panel", panelClass())
	require.NoError(t, s.Set("visits", 70))
	until(t, "the change arrives", func() bool { return current[int32](r, "visits") == 70 })
	require.NoError(t, n.Close())
	require.NoError(t, bare.Close())
	saves, loads := store.count()
	require.Zero(t, saves+loads)

	_, err := NewNode(Config{}).Acquire("X", &Class{Name: "X", Properties: []Property{{Name: "p", Class: counterClass(), Persisted: true}}})
	require.ErrorIs(t, err, ErrClass)
	require.ErrorContains(t, err, "an object cannot be PERSISTED")
}

// TestPersistedTogether acquires, changes and closes at the same time.
func TestPersistedTogether(t *testing.T) {
	store := newKeeper()
	store.saved = make(chan struct{}, 1e6)
	h, _ := testHost(t)
	s := panel(t, h)
	n, _ := testNode(t, store.use)
	connectPipe(t, n, h)
	var all sync.WaitGroup
	for k := range 4 {
		all.Go(func() {
			for i := range 50 {
				r, err := n.Acquire("Panel", panelClass())
				if !assert.NoError(t, err) {
					return
				}
				if i%3 == 0 {
					assert.NoError(t, r.Wait(soon(t)))
				}
				assert.NoError(t, s.Set("visits", k*100+i))
				assert.NoError(t, r.Close())
			}
		})
	}
	all.Wait()
	require.NoError(t, s.Set("visits", -1))
	r := acquired(t, n, "Panel", panelClass()) // by the answer to an earlier one, perhaps
	until(t, "the last change arrives", func() bool { return current[int32](r, "visits") == -1 })
	require.NoError(t, n.Close())
	require.EqualValues(t, -1, store.stored(t, "Panel", panelClass())["visits"])
}

// FuzzPersisted: whatever is in the store, nothing panics, and what is understood is saved as it was.
func FuzzPersisted(f *testing.F) {
	class := panelClass()
	info, err := class.compile()
	require.NoError(f, err)
	key := persistedKey("Panel", class)
	values := make([]qt.Value, len(info.props))
	for i := range info.props {
		values[i] = info.props[i].initial
	}
	const at = 5 + 4 + 5 + 4 + 5 + 4 + 3 // of the QDataStream version
	for _, x := range []any{"text", 5, []any{1, "two", map[string]any{"k": 3.5}}, []byte("blob"), nil} {
		if values[7], err = variantType.Value(x); err != nil {
			f.Fatal(err)
		}
		for _, version := range []qt.Version{qt.Qt5_12, qt.Qt6_2} {
			data, err := encodePersisted(key, info, version, values)
			require.NoError(f, err)
			require.EqualValues(f, version, data[at])
			f.Add(data)
		}
	}
	f.Add([]byte("qtrp\x01"))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, _ := decodePersisted(data, key, info)
		if len(got) == 0 {
			return
		}
		all := make([]qt.Value, len(info.props))
		for i := range info.props {
			all[i] = info.props[i].initial
		}
		for i, v := range got {
			all[i] = v
		}
		again, err := encodePersisted(key, info, qt.Version(data[at]), all)
		if err != nil {
			return // what Qt cannot write, such as texts that nest too deep
		}
		back, err := decodePersisted(again, key, info)
		require.NoError(t, err)
		for i := range maps.Keys(got) {
			require.True(t, all[i].Equal(back[i]), "%s: %v became %v", info.props[i].name, all[i], back[i])
		}
	})
}
