package core

import (
	"context"
	"sync"

	"github.com/go-qtro/qtro/qt"
)

var (
	modelOnce sync.Once
	modelInfo *classInfo
)

// modelClass returns the class of every remoted item model (Qt: QAbstractItemModelAdapter).
func modelClass() *classInfo {
	modelOnce.Do(func() { modelInfo = newModelClass() })
	return modelInfo
}

func newModelClass() *classInfo {
	const path = "QList<ModelIndex>"
	c := &Class{
		Name: "QAbstractItemModelAdapter",
		Properties: []Property{
			{Name: "availableRoles", Type: "QVector<int>", Access: ReadOnly},
			{Name: "roleNames", Type: "QHash<int,QByteArray>", Access: Constant},
		},
		Signals: []Signal{
			{"dataChanged", []Param{{"topLeft", path}, {"bottomRight", path}, {"roles", "QVector<int>"}}},
			{"rowsInserted", []Param{{"parent", path}, {"first", "int"}, {"last", "int"}}},
			{"rowsRemoved", []Param{{"parent", path}, {"first", "int"}, {"last", "int"}}},
			{"rowsMoved", []Param{{"parent", path}, {"first", "int"}, {"last", "int"}, {"destination", path}, {"row", "int"}}},
			{"currentChanged", []Param{{"current", path}, {"previous", path}}},
			{"modelReset", nil},
			{"headerDataChanged", []Param{{"orientation", "Qt::Orientation"}, {"first", "int"}, {"last", "int"}}},
			{"columnsInserted", []Param{{"parent", path}, {"first", "int"}, {"last", "int"}}},
			{"layoutChanged", []Param{{"parents", path}, {"hint", "int"}}},
		},
		Slots: []Slot{
			{"replicaSizeRequest", "QSize", []Param{{"parent", path}}},
			{"replicaRowRequest", "DataEntries", []Param{{"start", path}, {"end", path}, {"roles", "QVector<int>"}}},
			{"replicaHeaderRequest", "QVariantList", []Param{{"orientations", "QVector<Qt::Orientation>"}, {"sections", "QVector<int>"}, {"roles", "QVector<int>"}}},
			{"replicaSetCurrentIndex", "void", []Param{{"index", path}, {"flags", "QItemSelectionModel::SelectionFlags"}}},
			{"replicaSetData", "void", []Param{{"index", path}, {"value", "QVariant"}, {"role", "int"}}},
			{"replicaCacheRequest", "MetaAndDataEntries", []Param{{"size", "size_t"}, {"roles", "QVector<int>"}}},
		},
	}
	info, err := c.compile()
	if err != nil {
		panic(err)
	}
	// The notify signal carries no value.
	info.signals[0].params = nil
	return info
}

// emptyModel is the source of a MODEL property: a model with its roles and no rows, so that replicas of the
// class find what they ask for.
func emptyModel(roles []string) *Source {
	s := newSource(modelClass())
	names := map[int32][]byte{}
	var ids []int32
	for i, r := range roles {
		id, ok := standardRoles[r]
		if !ok {
			id = firstUserRole + int32(i)
		}
		names[id] = []byte(r)
		ids = append(ids, id)
	}
	must := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	must(s.Set("availableRoles", ids))
	must(s.init("roleNames", names))
	must(s.Handle("replicaSizeRequest", func(context.Context, qt.ModelPath) qt.Size { return qt.Size{} }))
	must(s.Handle("replicaRowRequest", func(_ context.Context, _, _ qt.ModelPath, _ []int32) qt.ModelEntries { return nil }))
	must(s.Handle("replicaHeaderRequest", func(_ context.Context, _, sections, _ []int32) []any { return make([]any, len(sections)) }))
	must(s.Handle("replicaCacheRequest", func(context.Context, uint64, []int32) qt.ModelCache { return qt.ModelCache{Roles: ids} }))
	return s
}

// standardRoles are the roles of Qt::ItemDataRole by the names that models give them.
var standardRoles = map[string]int32{"display": 0, "decoration": 1, "edit": 2, "toolTip": 3, "statusTip": 4, "whatsThis": 5}

// firstUserRole is Qt::UserRole + 1, from which repc numbers the roles that have no standard name.
const firstUserRole = 257
