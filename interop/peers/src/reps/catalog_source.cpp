#include "source.h"
#include "rep_catalog_source.h"

class CatalogImpl : public CatalogSimpleSource, public peer::Setters
{
public:
    explicit CatalogImpl(QObject *parent) : CatalogSimpleSource(parent) { setter("loans", this, &CatalogImpl::setLoans); }
    int lend(int row, const QString &reader) override
    {
        emit lent(row, reader);
        setLoans(loans() + 1);
        return loans();
    }
    void close() override { setOpen(false); }
};

static peer::Host catalogObjects([](QList<peer::Hosted> &all, QObject *parent) {
    // The roles have the numbers that Go's models give them.
    const int shelf = Qt::UserRole + 2, available = Qt::UserRole + 3;
    auto *books = new NodeModel(1, {{Qt::DisplayRole, "display"}, {shelf, "shelf"}, {available, "available"}}, parent);
    books->addRow(books->root(), {{QString("Middlemarch"), 7, true}}, {Qt::DisplayRole, shelf, available});
    auto *readers = new NodeModel(1, {{Qt::DisplayRole, "display"}}, parent);
    auto *catalog = new CatalogImpl(parent);
    catalog->setBooks(books);
    catalog->setReaders(readers);
    all << peer::hosted<CatalogSourceAPI>("Catalog", catalog);
});
