package core

import (
	"errors"
	"fmt"

	"github.com/go-qtro/qtro/qt"
)

// Saved values are a big-endian QDataStream. They carry names, and each says how long it is, so that one that is not
// understood does no harm to the others. The values are as they came, in the version of their source: a few do not look the
// same in the other.
//
//	"qtrp", version (quint8)
//	object, class, signature (a QByteArray each)
//	QDataStream version of the values (quint8)
//	count (quint32), and for each property:
//	  name (QByteArray), value (a QVariant in a QByteArray)
const (
	persistedMagic   = "qtrp"
	persistedVersion = 1
)

var errPersisted = errors.New("saved values")

// encodePersisted encodes the values of PERSISTED properties. The error is about those that it leaves out.
func encodePersisted(key PersistedKey, info *classInfo, version qt.Version, values []qt.Value) ([]byte, error) {
	w := qt.NewWriter([]byte(persistedMagic), qt.Format{Version: version})
	w.Uint8(persistedVersion)
	w.ByteString(key.Object)
	w.ByteString(key.Class)
	w.ByteString(key.Signature)
	w.Uint8(uint8(version))
	count, at := uint32(0), len(w.Bytes())
	w.Uint32(0)
	var errs []error
	for i := range info.props {
		if !info.props[i].persisted {
			continue
		}
		inner := qt.NewWriter(nil, w.Format())
		if inner.BareVariant(values[i]); inner.Err() != nil {
			errs = append(errs, fmt.Errorf("property %s: %w", info.props[i].name, inner.Err()))
			continue
		}
		w.ByteString(info.props[i].name)
		w.ByteArray(inner.Bytes())
		count++
	}
	w.PutUint32(at, count)
	return w.Bytes(), errors.Join(errs...)
}

// decodePersisted returns the saved values of properties by their index, as far as they fit the class. The error is about
// those that do not.
func decodePersisted(data []byte, key PersistedKey, info *classInfo) (map[int]qt.Value, error) {
	r := qt.NewReader(data, qt.Format{Version: qt.Qt6_2}, nil)
	if magic := r.Raw(len(persistedMagic)); string(magic) != persistedMagic {
		return nil, fmt.Errorf("%w: these bytes are something else", errPersisted)
	}
	if v := r.Uint8(); r.Err() == nil && v != persistedVersion {
		return nil, fmt.Errorf("%w: they are of version %d, this program knows %d", errPersisted, v, persistedVersion)
	}
	was := PersistedKey{Object: r.ByteString(), Class: r.ByteString(), Signature: r.ByteString()}
	version := qt.Version(r.Uint8())
	if err := r.Err(); err != nil {
		return nil, err
	}
	if was != key {
		return nil, fmt.Errorf("%w: they are of %+v, not of %+v", errPersisted, was, key)
	}
	if version != qt.Qt5_12 && version != qt.Qt6_2 {
		return nil, fmt.Errorf("%w: unknown QDataStream version %d", errPersisted, uint8(version))
	}
	values := map[int]qt.Value{}
	var errs []error
	for range r.Count(4 + 4) {
		name, value := r.ByteString(), r.RawBytes()
		if r.Err() != nil {
			break
		}
		if i, v, err := info.persistedValue(name, version, value); err != nil {
			errs = append(errs, fmt.Errorf("property %q: %w", name, err))
		} else {
			values[i] = v
		}
	}
	if err := r.Finish("saved values"); err != nil {
		errs = append(errs, err)
	}
	return values, errors.Join(errs...)
}

// persistedValue decodes a saved value, and finds its property.
func (ci *classInfo) persistedValue(name string, version qt.Version, data []byte) (property int, v qt.Value, err error) {
	property, err = ci.property(name)
	if err != nil {
		return 0, v, err
	}
	prop := &ci.props[property]
	if !prop.persisted {
		return 0, v, fmt.Errorf("%w: it is not PERSISTED", ErrClass)
	}
	r := qt.NewReader(data, qt.Format{Version: version}, ci.types)
	v = r.Variant()
	if err = r.Finish("QVariant"); err == nil && v.Type() != prop.typ {
		v, err = prop.typ.Convert(v)
	}
	return property, v, err
}
